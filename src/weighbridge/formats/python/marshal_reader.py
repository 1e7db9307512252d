"""Reads marshal data, versions 0 to 5 (CPython 2.7 and 3.0 to 3.14), without ``marshal``.

One value is a type byte, with the highest bit set when later values may refer to it, and what
belongs to that type::

    N T F . S            the singletons
    i I l g f y x        numbers
    s u t a A z Z        bytes and strings: a length (one byte for z Z), then the content
    ( ) [ < > {          containers: a length (one byte for `)`), then values; { ends with 0
    : (3.14)             slice: three values
    r R                  a value read before, by its number (R: by that of an interned string)
    c                    code object: fields in an order that depends on the version

The version is not in the data, so the layouts of :mod:`~.marshal_layouts` are tried in turn; all
code objects of one stream share one. Each length is checked against the bytes that are left.
"""

from __future__ import annotations

import struct

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.formats.python.marshal_layouts import (
    LAYOUTS,
    PYTHON_2,
    Layout,
    build,
    looks_like_marshal_code,
    strip_pyc_header,
)
from weighbridge.formats.python.marshal_values import (
    Allowance,
    CodeObject,
    MarshalDict,
    MarshalSet,
    MarshalSlice,
    MarshalValue,
    Opaque,
)

__all__ = [
    "CodeObject",
    "MarshalDict",
    "MarshalSet",
    "MarshalSlice",
    "MarshalValue",
    "Opaque",
    "looks_like_marshal_code",
    "read",
    "strip_pyc_header",
]

MOST_VALUES = 200_000
DEEPEST = 100
MOST_DIGITS = 20_000

_FLAG = 0x80
_SINGLETONS: dict[str, MarshalValue] = {
    "N": None,
    "T": True,
    "F": False,
    ".": ...,
    "S": Opaque("stop-iteration"),
}
_CYCLE = Opaque("cycle")
_TEXT = {"u": (4, "utf-8"), "a": (4, "latin-1"), "A": (4, "latin-1"), "t": (4, "utf-8")}
_TEXT |= {"z": (1, "latin-1"), "Z": (1, "latin-1")}
_SHORT = {")": 1, "(": 4, "[": 4, "<": 4, ">": 4}


class _NoMore(Exception):
    """The byte that ends a dict was read where a value was expected."""


def read(data: bytes, budget: Budget) -> MarshalValue:
    """Read the first marshalled value in `data`; what follows it is ignored, as Python does.

    Raises:
        MalformedInput: no Python would accept it.
        LimitExceeded: it is nested too deeply, or holds too much.
    """
    failures: list[ParseError] = []
    for layout in LAYOUTS:
        reader = _Reader(data, layout, budget)
        try:
            return reader.value(0)
        except ParseError as error:
            failures.append(error)
            if not reader.layout_mattered:
                break
        except _NoMore:
            raise MalformedInput("malformed-marshal", "no value where one has to be", 0) from None
    raise max(failures, key=lambda error: error.offset or 0)


class _Reader:
    """Reads one stream under one assumption about its version."""

    def __init__(self, data: bytes, layout: Layout, budget: Budget) -> None:
        self._data = data
        self._at = 0
        self._layout = layout
        self._budget = budget
        self._left = MOST_VALUES
        self._refs: list[MarshalValue] = []
        self._interned: list[MarshalValue] = []
        self._constants_left = Allowance(2 * MOST_VALUES)
        self.layout_mattered = False

    def value(self, depth: int) -> MarshalValue:
        """Read one value."""
        self._count(depth)
        byte = self._take(1)[0]
        kind, flagged = chr(byte & ~_FLAG), byte >= _FLAG
        if kind in _SINGLETONS:
            return _SINGLETONS[kind]
        if kind in "rR":
            return self._reference(kind)
        if kind == "0":
            raise _NoMore
        slot = len(self._refs)
        if flagged:
            self._refs.append(_CYCLE)
        try:
            result = self._body(kind, depth)
        except _NoMore:
            raise self._malformed("a value is missing") from None
        if flagged:
            self._refs[slot] = result
        return result

    def _body(self, kind: str, depth: int) -> MarshalValue:
        if kind in "iIlgfyx":
            return self._number(kind)
        if kind in "suaAtzZ":
            return self._string(kind)
        if kind in _SHORT:
            return self._container(kind, depth)
        if kind == "{":
            return self._dict(depth)
        if kind == "c":
            return self._code(depth)
        if kind == ":":
            start, stop, step = (self.value(depth + 1) for _ in range(3))
            return MarshalSlice(start, stop, step)
        if kind == "?":
            return Opaque("unknown")
        raise self._malformed(f"there is no type {kind!r}")

    def _number(self, kind: str) -> MarshalValue:
        if kind == "i":
            return int.from_bytes(self._take(4), "little", signed=True)
        if kind == "I":
            return int.from_bytes(self._take(8), "little", signed=True)
        if kind == "l":
            return self._long()
        if kind == "g":
            return float(struct.unpack("<d", self._take(8))[0])
        if kind == "y":
            return complex(*struct.unpack("<dd", self._take(16)))
        return self._decimal() if kind == "f" else complex(self._decimal(), self._decimal())

    def _decimal(self) -> float:
        digits = self._take(self._take(1)[0])
        try:
            return float(digits)
        except ValueError:
            raise self._malformed("a number that is none") from None

    def _long(self) -> int:
        count = int.from_bytes(self._take(4), "little", signed=True)
        if abs(count) > MOST_DIGITS:
            raise LimitExceeded("limit-digits", "an integer with too many digits", self._at)
        digits = struct.unpack(f"<{abs(count)}H", self._take(2 * abs(count)))
        if digits and (max(digits) >= 1 << 15 or digits[-1] == 0):
            raise self._malformed("an integer whose digits are out of range")
        bits = "".join(format(digit, "015b") for digit in reversed(digits))
        return int(bits or "0", 2) * (-1 if count < 0 else 1)

    def _string(self, kind: str) -> MarshalValue:
        if kind == "s" or (kind == "t" and self._layout.version == PYTHON_2):
            self.layout_mattered |= kind == "t"
            value: MarshalValue = self._take(self._length(4))
        else:
            self.layout_mattered |= kind == "t"
            width, encoding = _TEXT[kind]
            raw = self._take(self._length(width))
            try:
                value = raw.decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")
            except UnicodeDecodeError:
                raise self._malformed("text that is not UTF-8") from None
        if kind == "t":
            self._interned.append(value)
        return value

    def _container(self, kind: str, depth: int) -> MarshalValue:
        count = self._length(_SHORT[kind])
        items = [self.value(depth + 1) for _ in range(count)]
        if kind == "[":
            return items
        return MarshalSet(tuple(items)) if kind in "<>" else tuple(items)

    def _dict(self, depth: int) -> MarshalDict:
        pairs: list[tuple[MarshalValue, MarshalValue]] = []
        while True:
            try:
                key = self.value(depth + 1)
            except _NoMore:
                return MarshalDict(tuple(pairs))
            pairs.append((key, self.value(depth + 1)))

    def _reference(self, kind: str) -> MarshalValue:
        known = self._refs if kind == "r" else self._interned
        index = int.from_bytes(self._take(4), "little")
        if index >= len(known):
            raise self._malformed("a reference to nothing")
        return known[index]

    def _code(self, depth: int) -> CodeObject:
        self.layout_mattered = True
        fields: dict[str, MarshalValue] = {}
        for field in self._layout.fields:
            if field.kind == "int":
                fields[field.name] = int.from_bytes(self._take(4), "little", signed=True)
                continue
            found = self.value(depth + 1)
            if not self._layout.accepts(field, found):
                raise self._malformed(f"{field.name} of a code object has the wrong type")
            fields[field.name] = found
        return build(self._layout, fields, self._constants_left)

    def _count(self, depth: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise LimitExceeded("limit-values", "too many marshalled values", self._at)
        if depth > DEEPEST:
            raise LimitExceeded("limit-depth", "marshalled values nested too deeply", self._at)
        if self._left % 4096 == 0:
            self._budget.check_time()

    def _length(self, width: int) -> int:
        length = int.from_bytes(self._take(width), "little")
        if length > len(self._data) - self._at:
            raise self._malformed("a length beyond the end of the data")
        return length

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise self._malformed("the data ends too early")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _malformed(self, text: str) -> MalformedInput:
        return MalformedInput("malformed-marshal", text, self._at)
