"""What bytes without a signature look like: numbers of some width, or nothing but noise.

That decides no verdict. It tells who reads the report which description of the bytes to look for:
a file that a program takes as an array has no header that could be read. In an array the bytes of
a number differ in what they carry (its exponent or high byte repeats, its low bytes are noise), so
what a byte carries depends on its place, and comes again after the width of a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import log2

from weighbridge.sources.base import Source

NUMBERS, PACKED = LOOKS = ("raw-numbers", "packed-bytes")

_LEAST = 4_096
_PIECE = 4_096
_PIECES = 16
_WIDTHS = (1, 2, 4, 8)
_ALIKE = 0.4
"""Bits; what places of the same meaning differ by in 512 bytes and more."""
_NOISE = 7.95
"""Bits a byte, of 16 KiB and more; uniform noise of that length has 7.98 (Miller-Madow)."""
_ENOUGH = 16 << 10


def likeness(source: Source) -> tuple[str, str] | None:
    """Return a name and a few words about bytes of no known format, or None."""
    if source.size < _LEAST:
        return None
    sample = b"".join(_pieces(source))
    carried = [_entropy(sample[place::8]) for place in range(8)]
    width = next(width for width in _WIDTHS if _repeats(carried, width))
    if width > 1:
        return NUMBERS, f"numbers of {width} bytes without a header"
    if len(sample) >= _ENOUGH and _entropy(sample) >= _NOISE:
        return PACKED, "bytes without a structure: compressed, encrypted or quantised"
    return None


def _repeats(carried: list[float], width: int) -> bool:
    """Say whether what a byte carries comes again after `width` places."""
    return all(
        abs(one - carried[(place + width) % 8]) <= _ALIKE for place, one in enumerate(carried)
    )


def _pieces(source: Source) -> Iterator[bytes]:
    """Yield pieces from all over the source, each at a place that eight divides."""
    if source.size <= _PIECE * _PIECES:
        yield source.read_at(0, source.size)
        return
    step = (source.size - _PIECE) // (_PIECES - 1)
    for index in range(_PIECES):
        yield source.read_at(index * step & ~7, _PIECE)


def _entropy(sample: bytes) -> float:
    """Return the bits that a byte carries."""
    counts = Counter(sample).values()
    return -sum(count / len(sample) * log2(count / len(sample)) for count in counts)
