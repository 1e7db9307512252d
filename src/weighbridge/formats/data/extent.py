"""What a reader of inert data promises, and the few ways in which such formats are laid out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded
from weighbridge.sources.base import Source

MOST_PARTS = 1_000_000
"""Parts of other kinds than those below that are followed in one file."""

MOST_STEPS = 20_000_000
"""Boxes, pages, records or blocks in a row; collections of a million pictures have as many."""

_CHECK_EVERY = 4_096


@dataclass(frozen=True, slots=True)
class Extent:
    """Name of the format, and the offset at which its structure ends, in bytes.

    An end behind that of the source says that the structure breaks off.
    """

    name: str
    end: int


Reader = Callable[[Source, bytes, Budget], Extent | None]
Length = Callable[[bytes, int], int | None]


def follow(
    source: Source,
    start: int,
    width: int,
    length: Callable[[bytes, int], int | None],
    budget: Budget,
) -> int:
    """Return where a row of parts ends that each say how long they are.

    Args:
        source: what to read.
        start: where the first part begins.
        width: bytes of a part that tell its length.
        length: given the first bytes of a part and its offset, returns its whole length, None
            when no part begins so. Fewer than `width` bytes are given at the end of the source.
        budget: its time bounds the walk.

    Raises:
        LimitExceeded: there are more parts than are followed.
    """
    offset = start
    for count in range(MOST_STEPS):
        if not count % _CHECK_EVERY:
            budget.check_time()
        if offset >= source.size:
            return offset
        size = length(source.read_at(offset, width), offset)
        if size is None or size <= 0:
            return offset
        offset += size
    text = f"more than {MOST_STEPS} parts stand in a row"
    raise LimitExceeded("limit-parts", text, offset)


def number(data: bytes, at: int, width: int = 4) -> int:
    """Return an unsigned little-endian number, 0 where the bytes are missing."""
    return int.from_bytes(data[at : at + width], "little")


def big(data: bytes, at: int, width: int = 4) -> int:
    """Return an unsigned big-endian number, 0 where the bytes are missing."""
    return int.from_bytes(data[at : at + width], "big")
