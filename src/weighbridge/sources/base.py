"""What every source of bytes promises to a parser."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Protocol


class Source(Protocol):
    """Random access to bytes. A parser cannot tell local, archived and remote bytes apart."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`; fewer only at the end of the source.

        An offset at or past the end gives ``b""``. Never negative arguments.

        Raises:
            SourceError: the bytes cannot be fetched.
            ParseError: the bytes exist only behind a decoder, and that failed.
        """


def announce(source: Source, ranges: Iterable[tuple[int, int]]) -> None:
    """Say which ranges, as (offset, count), will be read soon and in no order that matters.

    A remote source fetches them at once rather than one after another; for all others it means
    nothing. It never fails: what cannot be fetched fails when it is read.
    """
    if isinstance(source, Announced):
        source.announce(ranges)


class Announced(ABC):
    """A source that can make use of :func:`announce`."""

    @abstractmethod
    def announce(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Prepare for reading `ranges`."""
