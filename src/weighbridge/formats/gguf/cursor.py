"""Reads numbers and strings one after another through a window, and skips what is not wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from weighbridge.errors import MalformedInput
from weighbridge.sources.base import Source

_WINDOW = 1 << 20
_FIRST = 1 << 16


class Cursor:
    """A place in a source that moves forward."""

    def __init__(
        self, source: Source, at: int, order: Literal["little", "big"], check: Callable[[], None]
    ) -> None:
        self.order = order
        self._source = source
        self._at = at
        self._check = check
        self._start = at
        self._window = b""
        self._size = _FIRST

    @property
    def at(self) -> int:
        """Offset of the next byte."""
        return self._at

    @property
    def remaining(self) -> int:
        """Bytes up to the end of the source."""
        return max(0, self._source.size - self._at)

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            MalformedInput: the source ends before.
        """
        begin = self._at - self._start
        if count > len(self._window) - begin:
            if count > self.remaining:
                text = f"the file ends within the header; {count} bytes are missing"
                raise MalformedInput("malformed-truncated", text, self._at)
            self._check()
            self._window = self._source.read_at(self._at, max(count, self._size))
            self._size = min(2 * self._size, _WINDOW)
            self._start, begin = self._at, 0
        self._at += count
        return self._window[begin : begin + count]

    def number(self, width: int) -> int:
        """Return the next unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), self.order)

    def skip(self, count: int) -> None:
        """Go `count` bytes on without reading them.

        Raises:
            MalformedInput: the source ends before.
        """
        if count > self.remaining:
            text = f"the file ends within the header; {count} bytes are missing"
            raise MalformedInput("malformed-truncated", text, self._at)
        self._at += count

    def skip_strings(self, count: int, width: int) -> tuple[int, bool]:
        """Go over `count` strings, each behind its length.

        No string is built: vocabularies hold hundreds of thousands.

        Returns:
            The greatest length, and whether all of it lies within the source.
        """
        greatest = 0
        order, size, at = self.order, self._source.size, self._at
        window, start = self._window, self._start
        for _ in range(count):
            prefix = window[at - start : at - start + width]
            if len(prefix) < width:
                if at + width > size:
                    return greatest, False
                self._at = at
                prefix = self.take(width)
                window, start = self._window, self._start
            length = int.from_bytes(prefix, order)
            if length > greatest:
                greatest = length
            at += width + length
            if at > size:
                return greatest, False
        self._at = at
        return greatest, True
