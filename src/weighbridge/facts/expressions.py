"""Values as far as they are known without running anything.

Expressions never nest calls inside calls: a :class:`Result` names the call by its number within
the stream. A call used a thousand times therefore stays one call, and a report cannot explode.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A string constant; `size` is the true length in bytes, `value` may be its beginning only.

    `offset` tells where the opcode of a shortened text stands, and is -1 for a complete one.
    """

    value: str
    size: int
    offset: int = -1


@dataclass(frozen=True, slots=True)
class Bytes:
    """A bytes constant: its first bytes in hexadecimal, its true size, the offset of its opcode."""

    head: str
    size: int
    offset: int


@dataclass(frozen=True, slots=True)
class Number:
    """An int, float, bool or None, as Python would print it."""

    value: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple, list, set or frozenset; `items` may be the first of `total` only."""

    kind: str
    items: tuple[Expression, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict; `items` alternates keys and values and may be the first of `total` only."""

    items: tuple[Expression, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """An imported object, by the names the stream gives."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """What call number `call` of the same stream returned."""

    call: int


@dataclass(frozen=True, slots=True)
class Persistent:
    """What the loader's ``persistent_load`` hook makes of `pid`."""

    pid: Expression


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that was not followed, with the reason."""

    reason: str


Expression = Text | Bytes | Number | Sequence | Mapping | Symbol | Result | Persistent | Unknown
