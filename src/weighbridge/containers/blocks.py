"""Small reads from a source, in blocks where they stand close together.

No layout is read here. An archive has tens of thousands of headers: one small read each where large
data lies between them, and few large reads where the members are small.
"""

from __future__ import annotations

from weighbridge.sources.base import Source

HEADER_BLOCK = 512
_LAST_BLOCK = 256 << 10
_NEAR = 16 << 10


class BlockReader:
    """Reads headers mostly forward; reads ahead the further, the denser they stand."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = 0
        self._buffer = b""
        self._block = HEADER_BLOCK

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`."""
        relative = offset - self._start
        if relative < 0 or relative + count > len(self._buffer):
            distance = relative - len(self._buffer)
            near = -count < distance < _NEAR
            self._block = min(self._block * 4, _LAST_BLOCK) if near else HEADER_BLOCK
            self._buffer = self._source.read_at(offset, max(count, self._block))
            self._start, relative = offset, 0
        return self._buffer[relative : relative + count]
