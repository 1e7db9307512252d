"""Numbers and texts of R's serialization, in its three encodings, read in windows.

``X``: big-endian binary. ``B``: native binary, little-endian on every machine that R runs on now.
``A``: text, one value a line, strings with C escapes.
"""

from __future__ import annotations

from weighbridge.errors import MalformedInput
from weighbridge.sources.base import Source

_WINDOW = 1 << 16
_LINE = 64
_COMPLEX = 16
_TEXT_KEPT = 4096


class Cursor:
    """Reads one value after the other."""

    def __init__(self, source: Source, offset: int, encoding: str) -> None:
        self._source = source
        self._base = offset
        self._window = b""
        self._text = encoding == "A"
        self._order = "big" if encoding == "X" else "little"
        self.offset = offset

    def integer(self) -> int:
        """Return a 32-bit signed number; R's NA is -2147483648."""
        if self._text:
            word = self._word()
            if word == b"NA":
                return -(1 << 31)
            if not word.lstrip(b"-").isdigit() or len(word) > 11:
                raise MalformedInput("r-number", "a number was expected", self.offset)
            return int(word)
        data = self._take(4)
        return int.from_bytes(data, "big" if self._order == "big" else "little", signed=True)

    def count(self, least: int = 1) -> int:
        """Return a length that the rest of the file has room for.

        Args:
            least: bytes that one element takes at the least.
        """
        length = self.integer()
        if length == -1:  # A long vector: the length in two halves.
            length = (self.integer() << 32) + (self.integer() & 0xFFFFFFFF)
        if length < 0 or length * (1 if self._text else least) > self._source.size - self.offset:
            raise MalformedInput("r-length", f"a length of {length} does not fit", self.offset)
        return length

    def skip(self, elements: int, width: int) -> None:
        """Pass over a vector of numbers."""
        if self._text:
            for _ in range(elements * (2 if width == _COMPLEX else 1)):
                self._word()
        else:
            self._move(elements * width)

    def text(self, length: int) -> str:
        """Return a text of `length` bytes; of a long one its beginning."""
        if self._text:
            # Escapes make the line longer than the text, and nothing else tells where it ends.
            return self._word(4 * length + 8).decode("utf-8", "replace")[:_TEXT_KEPT]
        data = self._peek(min(length, _TEXT_KEPT))
        self._move(length)
        return data.decode("utf-8", "replace")

    def _word(self, longest: int = _LINE) -> bytes:
        while self._peek(1) == b"\n":  # A text of no characters has a line all the same.
            self._move(1)
        data = self._peek(min(longest + 1, _WINDOW))
        end = data.find(b"\n")
        if end < 0:
            raise MalformedInput("r-line", "a line has no end", self.offset)
        self._move(end + 1)
        return data[:end]

    def _take(self, count: int) -> bytes:
        data = self._peek(count)
        self._move(count)
        return data

    def _peek(self, count: int) -> bytes:
        begin = self.offset - self._base
        if begin < 0 or begin + count > len(self._window):
            self._base, begin = self.offset, 0
            self._window = self._source.read_at(self.offset, max(count, _WINDOW))
        return self._window[begin : begin + count]

    def _move(self, count: int) -> None:
        if self.offset + count > self._source.size:
            raise MalformedInput("r-truncated", "the data breaks off", self.offset)
        self.offset += count
