"""What every source of bytes promises to a parser."""

from __future__ import annotations

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
