"""Turns the machine's values into expressions, at the moment a call sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from weighbridge.facts.expressions import (
    Bytes,
    Expression,
    Mapping,
    Number,
    Persistent,
    Result,
    Sequence,
    Symbol,
    Text,
    Unknown,
)
from weighbridge.formats.pickle import layout, literals
from weighbridge.formats.pickle.machine import Core

if TYPE_CHECKING:
    from weighbridge.formats.pickle.trace import SymbolRecord

DEPTH = 8
ITEMS = 24
TEXT = 1000
SHORT = 100
BYTES = 32
NODES = 400

_KINDS = {
    layout.TUPLE: "tuple",
    layout.LIST: "list",
    layout.SET: "set",
    layout.FROZENSET: "frozenset",
}


class Lifter:
    """Builds bounded expressions; `feeds` is told every call whose result is used."""

    def __init__(
        self, core: Core, symbols: list[SymbolRecord], feeds: Callable[[int], None]
    ) -> None:
        self._core = core
        self._symbols = symbols
        self._feeds = feeds
        self._left = 0

    def lift(self, value: int) -> Expression:
        """Return `value` as an expression of bounded depth and size."""
        self._left = NODES
        return self._lift(value, 0)

    def arguments(self, value: int) -> tuple[Expression, ...] | None:
        """Return the arguments that a call with `value` as its tuple gets.

        None when no unpickler would make the call. The C machine wants a tuple, the Python machine
        takes whatever can be iterated.
        """
        self._left = NODES
        tag = value & 15
        if tag == layout.NODE:
            return self._items(value)
        if tag != layout.LITERAL:
            return (self._lift(value, 0),)
        kind = literals.span(self._core, value >> 4)[0]
        if kind == "empty-tuple":
            return ()
        if kind in ("none", "true", "false", "number", "long"):
            return None
        return self._letters(value >> 4)

    def _items(self, value: int) -> tuple[Expression, ...]:
        kind, total, items = self._core.describe(value)
        if kind == layout.PERSISTENT:
            return (self._lift(value, 0),)
        if kind == layout.DICT:
            items, total = items[::2], total // 2
        lifted = [self._lift(item, 1) for item in items]
        if kind in (layout.DICT, layout.SET, layout.FROZENSET):
            return tuple(dict.fromkeys(lifted))
        if total > len(items):
            lifted.append(Unknown("more arguments"))
        return tuple(lifted)

    def _letters(self, offset: int) -> tuple[Expression, ...]:
        """``callee(*"text")``: each character, or each byte, is an argument."""
        value, _size = literals.decode(self._core, offset, TEXT)
        found: list[Expression] = []
        if isinstance(value, str):
            found += [Text(one, len(one.encode("utf-8", "replace"))) for one in value[:ITEMS]]
        elif isinstance(value, bytes):
            found += [Number(str(one)) for one in value[:ITEMS]]
        if isinstance(value, str | bytes) and len(value) > ITEMS:
            found.append(Unknown("more arguments"))
        return tuple(found)

    def text(self, value: int) -> str:
        """Return a short description for a name that is not a constant."""
        expression = self.lift(value)
        if isinstance(expression, Result):
            return f"<result of call {expression.call}>"
        if isinstance(expression, Symbol):
            return f"<value of {expression.module}.{expression.name}>"
        return "<unknown>"

    def texts(self, value: int) -> dict[str, str]:
        """Return the short texts under short keys of a dict, empty for other values.

        Nothing is marked as used: a stream's own value is looked at, and no call's arguments.
        """
        if value & 15 != layout.NODE:
            return {}
        kind, _total, items = self._core.describe(value)
        if kind != layout.DICT:
            return {}
        return {
            key: self._short(inner)
            for key, inner in zip(map(self._short, items[::2]), items[1::2], strict=False)
            if key
        }

    def _short(self, value: int) -> str:
        if value & 15 != layout.LITERAL or literals.span(self._core, value >> 4)[2] > SHORT:
            return ""
        text, _size = literals.decode(self._core, value >> 4, SHORT)
        return text if isinstance(text, str) else ""

    def _lift(self, value: int, depth: int) -> Expression:
        self._left -= 1
        tag, payload = value & 15, value >> 4
        if tag == layout.SYMBOL:
            symbol = self._symbols[payload]
            return Symbol(symbol.module, symbol.name)
        if tag == layout.RESULT:
            self._feeds(payload)
            return Result(payload)
        if tag == layout.LITERAL:
            return self._literal(payload)
        if tag == layout.NODE:
            if depth >= DEPTH or self._left <= 0:
                return Unknown("nested deeper than shown")
            return self._container(value, depth)
        return Unknown("contents not kept")

    def _container(self, value: int, depth: int) -> Expression:
        kind, total, items = self._core.describe(value)
        shown = ITEMS * 2 if kind == layout.DICT else ITEMS
        lifted = tuple(self._lift(item, depth + 1) for item in items[:shown])
        if kind == layout.PERSISTENT:
            return Persistent(lifted[0])
        if kind == layout.DICT:
            return Mapping(lifted, total // 2)
        return Sequence(_KINDS[kind], lifted, total)

    def _literal(self, offset: int) -> Expression:
        value, size = literals.decode(self._core, offset, TEXT)
        if isinstance(value, str):
            return Text(value, size, offset if size > TEXT else -1)
        if isinstance(value, bytes):
            return Bytes(value[:BYTES].hex(), size, offset)
        if value == ():
            return Sequence("tuple", (), 0)
        return Number(repr(value))
