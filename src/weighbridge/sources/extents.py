"""Which parts of a file are there: disjoint ranges of offsets, kept in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Extents:
    """A set of bytes, as half-open ranges that neither overlap nor touch."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def add(self, start: int, end: int) -> None:
        """Add the bytes from `start` up to `end`."""
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the parts between `start` and `end` that are not there, in order."""
        gaps = []
        index = bisect_right(self._ends, start)
        while start < end:
            there = self._starts[index] if index < len(self._starts) else end
            if start < there:
                gaps.append((start, min(there, end)))
            if index >= len(self._starts):
                break
            start = max(start, self._ends[index])
            index += 1
        return gaps

    def around(self, offset: int) -> tuple[int, int]:
        """Return the range that holds the byte at `offset`; an empty one when none does."""
        index = bisect_right(self._starts, offset) - 1
        if index >= 0 and offset < self._ends[index]:
            return self._starts[index], self._ends[index]
        return offset, offset
