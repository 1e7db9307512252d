"""What is known about a Python expression without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

LONGEST = 64 * 1024
MOST_ITEMS = 4096
_MOST_CONTAINED = 64

Plain = str | bytes | int | float | None
Traits = frozenset[str]
NO_TRAITS: Traits = frozenset()
"""What else is known of a value: that it was fetched, decoded, is a credential ... Two values that
differ in this alone are equal."""


@dataclass(frozen=True, slots=True)
class Const:
    """A constant."""

    value: Plain
    traits: Traits = field(default=NO_TRAITS, compare=False)


@dataclass(frozen=True, slots=True)
class Ref:
    """A module, or something reached from one by attributes and calls: `os`, `os.system`.

    What a call returns keeps the name of what was called, so that a method of the result is
    `socket.socket.connect`.
    """

    path: str
    result: bool = False
    traits: Traits = field(default=NO_TRAITS, compare=False)


@dataclass(slots=True)
class Items:
    """A list, tuple, set or dict of values, by position or key."""

    values: dict[Plain, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function or lambda of the text itself, with the scopes that it sees."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scopes: tuple[dict[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything else."""

    traits: Traits = field(default=NO_TRAITS, compare=False)


Value = Const | Ref | Items | Function | Unknown
UNKNOWN = Unknown()


def traits_of(value: Value) -> Traits:
    """Return the traits of a value and of the first things that it contains."""
    found = NO_TRAITS
    pending = [value]
    for _ in range(_MOST_CONTAINED):
        if not pending:
            break
        item = pending.pop()
        if isinstance(item, Items):
            pending.extend(list(item.values.values())[:_MOST_CONTAINED])
        elif isinstance(item, Const | Ref | Unknown):
            found |= item.traits
    return found


def with_traits(value: Value, traits: Traits) -> Value:
    """Return the value with traits added."""
    if isinstance(value, Const | Ref | Unknown) and not traits <= value.traits:
        return replace(value, traits=value.traits | traits)
    return value


def items_of(value: Value) -> list[Value] | None:
    """Return what iterating over a value gives, None when that is not known."""
    if isinstance(value, Items):
        return list(value.values.values())
    if isinstance(value, Const) and isinstance(value.value, str | bytes):
        if len(value.value) > MOST_ITEMS:
            return None
        return [Const(item) for item in value.value]
    return None


def sequence(values: Iterator[Value] | list[Value]) -> Items:
    """Return a list of the values."""
    return Items(dict(enumerate(values)))


def plain(value: Value) -> Plain | list[Plain]:
    """Return the constant, or the list of constants, that a value is.

    Raises:
        TypeError: it is not constant all through.
    """
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Items):
        found = list(value.values.values())
        if all(isinstance(item, Const) for item in found):
            return [item.value for item in found if isinstance(item, Const)]
    raise TypeError("not a constant")


def wrap(value: object) -> Value:
    """Return a value for the result of a computation; what is too long becomes unknown."""
    if isinstance(value, bytearray):
        value = bytes(value)
    if isinstance(value, str | bytes):
        return Const(value) if len(value) <= LONGEST else UNKNOWN
    if isinstance(value, int):
        return Const(value) if value.bit_length() <= 4096 else UNKNOWN
    if value is None or isinstance(value, float):
        return Const(value)
    if isinstance(value, list | tuple) and len(value) <= MOST_ITEMS:
        return sequence([wrap(item) for item in value])
    return UNKNOWN
