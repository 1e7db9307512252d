"""Numbers and texts of Torch7's two forms, read in windows (torch7, DiskFile.c).

Binary: little-endian, ``int`` of four bytes, ``long`` and ``double`` of eight. Text: words with
white space between them; a text stands behind its length and one separator.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.errors import MalformedInput
from weighbridge.sources.base import Source

_WINDOW = 1 << 16
_WORD = re.compile(rb"\s*(\S{1,40})(\s|\Z)")
_WORDS = re.compile(rb"\s*\S+")
_CHECK_EVERY = 64


class Cursor:
    """Reads one value after the other."""

    def __init__(self, source: Source, budget: Budget, text: bool) -> None:
        self._source = source
        self._budget = budget
        self._text = text
        self._base = 0
        self._window = b""
        self.offset = 0

    def integer(self, width: int = 4) -> int:
        """Return a signed number; `width` is that of the binary form."""
        if not self._text:
            return int.from_bytes(self._take(width), "little", signed=True)
        word = self._word()
        if not word.lstrip(b"-").isdigit() or word.count(b"-") > 1 or len(word) > 20:
            raise MalformedInput("torch7-number", "a whole number was expected", self.offset)
        return int(word)

    def double(self) -> None:
        """Pass over a number."""
        if self._text:
            self._word()
        else:
            self._move(8)

    def integers(self, count: int) -> None:
        """Pass over a row of ``long``."""
        for _ in range(count):
            self.integer(8)

    def length(self, width: int = 4, each: int = 1) -> int:
        """Return a length that the rest of the file has room for."""
        number = self.integer(width)
        if number < 0 or number * each > self._source.size - self.offset:
            raise MalformedInput("torch7-length", f"a length of {number} does not fit", self.offset)
        return number

    def elements(self, width: int) -> None:
        """Pass over the numbers of a storage; those of one byte are raw in both forms."""
        if not self._text or width == 1:
            self._move(self.length(8, width) * width)
        else:
            self._skip(self.length(8, 1))

    def string(self, limit: int) -> bytes:
        """Return a text behind its length, of a long one its first `limit` bytes."""
        count = self.length()
        data = self._source.read_at(self.offset, min(count, limit))
        self._move(count)
        return data

    def done(self) -> bool:
        """Say whether nothing but white space is left."""
        rest = self._peek(64)
        return not rest or self._text and self.offset + 64 > self._source.size and not rest.strip()

    def _skip(self, words: int) -> None:
        rounds = 0
        while words:
            rounds += 1
            if not rounds % _CHECK_EVERY:
                self._budget.check_time()
            chunk = self._source.read_at(self.offset, _WINDOW)
            end = 0
            for match in _WORDS.finditer(chunk):
                if match.end() == len(chunk) and self.offset + len(chunk) < self._source.size:
                    break
                end = match.end()
                words -= 1
                if not words:
                    break
            if not end:
                raise MalformedInput("torch7-truncated", "the data breaks off", self.offset)
            self._move(end)

    def _word(self) -> bytes:
        match = _WORD.match(self._peek(64))
        if match is None:
            raise MalformedInput("torch7-number", "a number was expected", self.offset)
        self._move(match.end())
        return match[1]

    def _take(self, count: int) -> bytes:
        data = self._peek(count)
        self._move(count)
        return data

    def _peek(self, count: int) -> bytes:
        begin = self.offset - self._base
        if begin < 0 or begin + count > len(self._window):
            self._base, begin = self.offset, 0
            self._window = self._source.read_at(self.offset, _WINDOW)
        return self._window[begin : begin + count]

    def _move(self, count: int) -> None:
        if self.offset + count > self._source.size:
            raise MalformedInput("torch7-truncated", "the data breaks off", self.offset)
        self.offset += count
