"""Bytes that are already in memory, and windows onto other sources."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.errors import SourceError
from weighbridge.sources.base import Announced, Source, announce


class BytesSource:
    """A source over a bytes object."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._data)

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        _check(offset)
        return self._data[offset : offset + max(count, 0)]


def _check(offset: int) -> None:
    """A file cannot be read before its beginning, and a parser that tries has made a mistake."""
    if offset < 0:
        raise SourceError(f"bytes before the beginning were asked for ({offset})")


class SliceSource(Announced):
    """`size` bytes of `parent` from `start`; clipped to what the parent has."""

    def __init__(self, parent: Source, start: int, size: int) -> None:
        self._parent = parent
        self._start = min(start, parent.size)
        self._size = max(0, min(size, parent.size - self._start))

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        _check(offset)
        count = min(count, self._size - offset)
        return self._parent.read_at(self._start + offset, count) if count > 0 else b""

    def announce(self, ranges: Iterable[tuple[int, int]]) -> None:
        """See :func:`weighbridge.sources.base.announce`."""
        inside = [(offset, min(count, self._size - offset)) for offset, count in ranges]
        announce(self._parent, [(self._start + at, count) for at, count in inside if count > 0])
