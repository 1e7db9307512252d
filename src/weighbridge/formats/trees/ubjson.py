"""UBJSON as XGBoost writes it (ubjson.org, draft 12; xgboost, json_io.h).

Keys and texts stand behind a marker for the width of their length, numbers are big-endian. Arrays
of one type (``[$`` type ``#`` count) are as long as the model; those of whole numbers are kept, of
others only how many there are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.sources.base import Source

DEEPEST = 64
MOST_VALUES = 4_000_000
_WINDOW = 1 << 16
_WHOLE = {b"i": "b", b"U": "B", b"I": "h", b"l": "i", b"L": "q"}
_WIDTHS = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1}
_PLAIN = {b"Z": None, b"N": None, b"T": True, b"F": False}
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """An array of numbers that nobody needs; `count` is how many there are."""

    count: int

    def __len__(self) -> int:
        return self.count


class Reader:
    """Reads one value; `offset` is where it ended."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._base = 0
        self._window = b""
        self._values = 0
        self.offset = 0

    def value(self, depth: int = 0) -> object:
        """Return the next value.

        Raises:
            MalformedInput: there is none.
            LimitExceeded: there are too many values, or they are nested too deeply.
        """
        return self._typed(self._take(1), depth)

    def _typed(self, marker: bytes, depth: int) -> object:
        self._count(1)
        if depth > DEEPEST:
            raise LimitExceeded("limit-ubjson-depth", f"nested deeper than {DEEPEST}", self.offset)
        if marker in _PLAIN:
            return _PLAIN[marker]
        if marker == b"{":
            return self._object(depth)
        if marker == b"[":
            return self._array(depth)
        if marker == b"S":
            return self._text()
        if marker in _WHOLE:
            return self._number(marker)
        if marker in _WIDTHS:
            self._take(_WIDTHS[marker])
            return 0.0
        raise MalformedInput("ubjson-marker", f"there is no type {marker!r}", self.offset)

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while True:
            marker = self._take(1)
            if marker == b"}":
                return found
            self.offset -= 1
            key = self._text()
            found[key] = self.value(depth + 1)

    def _array(self, depth: int) -> object:
        marker = self._take(1)
        if marker == b"$":
            kind = self._take(1)
            if self._take(1) != b"#":
                raise MalformedInput(
                    "ubjson-array", "an array has a type and no count", self.offset
                )
            return self._row(kind)
        count = self._length() if marker == b"#" else None
        if count is None:
            self.offset -= 1
        found: list[object] = []
        while count is None or len(found) < count:
            marker = self._take(1)
            if count is None and marker == b"]":
                break
            found.append(self._typed(marker, depth + 1))
        return found

    def _row(self, kind: bytes) -> object:
        width = _WIDTHS.get(kind)
        count = self._length(width or 1)
        if width is None:
            raise MalformedInput("ubjson-array", f"there is no row of {kind!r}", self.offset)
        if kind not in _WHOLE:
            self.offset += count * width
            return Row(count)
        self._count(count)
        data = self._take(count * width)
        return list(struct.unpack(f">{count}{_WHOLE[kind]}", data))

    def _text(self) -> str:
        count = self._length()
        data = self._source.read_at(self.offset, min(count, _LONGEST))
        self.offset += count
        return data.decode("utf-8", "backslashreplace")

    def _length(self, each: int = 1) -> int:
        marker = self._take(1)
        if marker not in _WHOLE:
            raise MalformedInput("ubjson-length", "a length was expected", self.offset)
        count = self._number(marker)
        if count < 0 or count * each > self._source.size - self.offset:
            raise MalformedInput("ubjson-length", f"a length of {count} does not fit", self.offset)
        return count

    def _number(self, marker: bytes) -> int:
        data = self._take(_WIDTHS[marker])
        return int.from_bytes(data, "big", signed=marker != b"U")

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise LimitExceeded("limit-ubjson-values", f"more than {MOST_VALUES} values")
        if values > 1 or not self._values & 0xFFF:
            self._budget.check_time()

    def _take(self, count: int) -> bytes:
        if self.offset + count > self._source.size:
            raise MalformedInput("ubjson-truncated", "the data breaks off", self.offset)
        begin = self.offset - self._base
        if begin < 0 or begin + count > len(self._window):
            self._base, begin = self.offset, 0
            self._window = self._source.read_at(self.offset, max(count, _WINDOW))
        self.offset += count
        return self._window[begin : begin + count]
