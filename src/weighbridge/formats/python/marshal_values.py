"""What marshal data is read into: plain values, and frozen stand-ins for the rest.

Sets and dicts are kept as tuples, because hashing what a hostile file holds can take for ever: a
tuple of a hundred levels that holds the level below twice has 2**100 leaves to hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import EllipsisType


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CodeObject:
    """A code object as data.

    Attributes:
        name: of the function, class or module.
        qualname: with the names around it; equal to `name` before Python 3.11.
        filename: of the source it was compiled from, as the file claims.
        names: globals, attributes and imported modules it uses (`co_names`).
        varnames: arguments and local variables.
        constants: `co_consts`.
        code: the bytecode; empty when it is not wholly known.
        first_line: line number in the source.
        nested: code objects among the constants, directly or within tuples.
        layout: oldest Python with this layout: `2.7`, `3.0`, `3.8`, `3.11`, or empty.
        complete: False when names or constants are only partly known.
    """

    name: str
    qualname: str
    filename: str
    names: tuple[str, ...]
    varnames: tuple[str, ...]
    constants: tuple[MarshalValue, ...]
    code: bytes
    first_line: int
    nested: tuple[CodeObject, ...] = ()
    layout: str = ""
    complete: bool = True

    def __repr__(self) -> str:
        """Show the name only: nested code objects may share parts without end."""
        return f"<CodeObject {self.qualname[:80]!r}, layout {self.layout or '?'}>"


@dataclass(frozen=True, slots=True, eq=False)
class MarshalSet:
    """A set or frozenset, its items in the order of the data."""

    items: tuple[MarshalValue, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MarshalDict:
    """A dict, its pairs in the order of the data."""

    pairs: tuple[tuple[MarshalValue, MarshalValue], ...]


@dataclass(frozen=True, slots=True, eq=False)
class MarshalSlice:
    """A slice constant (Python 3.14)."""

    start: MarshalValue
    stop: MarshalValue
    step: MarshalValue


@dataclass(frozen=True, slots=True)
class Opaque:
    """`stop-iteration`, `unknown` (an object marshal could not write), or `cycle`."""

    kind: str


MarshalValue = (
    None
    | bool
    | int
    | float
    | complex
    | str
    | bytes
    | EllipsisType
    | tuple["MarshalValue", ...]
    | list["MarshalValue"]
    | MarshalSet
    | MarshalDict
    | MarshalSlice
    | CodeObject
    | Opaque
)


@dataclass(slots=True)
class Allowance:
    """How many values may still be looked at; shared by all walks over the same data."""

    left: int

    @property
    def spent(self) -> bool:
        """Whether a walk had to stop early."""
        return self.left < 0


def flat(values: tuple[MarshalValue, ...], allowance: Allowance) -> Iterator[MarshalValue]:
    """Yield the values and what their containers hold, each object once, code objects unopened."""
    seen: set[int] = set()
    waiting: list[MarshalValue] = list(reversed(values[: max(allowance.left, 0) + 1]))
    while waiting:
        allowance.left -= 1
        if allowance.left < 0:
            return
        value = waiting.pop()
        inner = inside(value, allowance.left + 1)
        if inner is None:
            yield value
        elif id(value) not in seen:
            seen.add(id(value))
            waiting.extend(reversed(inner))


def inside(value: MarshalValue, most: int) -> list[MarshalValue] | None:
    """Return what a container holds, None when `value` is none."""
    if isinstance(value, tuple | list):
        return list(value[:most])
    if isinstance(value, MarshalSet):
        return list(value.items[:most])
    if isinstance(value, MarshalDict):
        return [item for pair in value.pairs[:most] for item in pair]
    if isinstance(value, MarshalSlice):
        return [value.start, value.stop, value.step]
    return None
