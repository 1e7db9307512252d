"""What has been fetched of a remote file, in a local file of holes.

The scanner fetches and writes; a worker holds the same file open for reading and asks for what is
still a hole. So no byte is fetched twice, and no byte of it stays in memory.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time

from weighbridge.budget import GIB, MIB
from weighbridge.errors import DownloadLimit, SourceError
from weighbridge.sources.extents import Extents
from weighbridge.sources.http_ranges import LARGEST_RANGE, RangeReader
from weighbridge.sources.transport import Stopped

DOWNLOAD_BYTES = 2 * GIB
"""What is fetched of one file unless told otherwise; formats that can be judged by ranges need far
less."""
FILE_SECONDS = 3600.0
"""Time on the network for one file."""
_FIRST = 16 << 10
"""Read at the start of a file: the headers of most formats."""
_STEP = 4 << 10
"""Small enough that a header between two tensors costs little."""
_MOST_AHEAD = 4 * MIB


class Spool:
    """Fetches the ranges that are asked for, each byte once; used by one thread at a time."""

    def __init__(self, reader: RangeReader, most: int = DOWNLOAD_BYTES) -> None:
        self._reader = reader
        self._most = most
        self._there = Extents()
        self._ahead = _STEP
        self._last_end = -1
        self._deadline = time.monotonic() + FILE_SECONDS
        self.fetched = 0
        handle, path = tempfile.mkstemp(prefix="weighbridge-spool-")
        try:
            self._file = handle
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            os.unlink(path)

    @property
    def size(self) -> int:
        """Length of the remote file in bytes."""
        return self._reader.size

    @property
    def whole(self) -> bool:
        """Whether every byte has been fetched."""
        return not self._there.missing(0, self.size)

    @property
    def tag(self) -> str | None:
        """See :attr:`RangeReader.tag`."""
        return self._reader.tag

    def close(self) -> None:
        """Give the disk space back."""
        os.close(self._file)
        os.close(self.descriptor)

    def provide(self, offset: int, count: int, stopped: Stopped) -> tuple[int, int]:
        """See to it that a range is in the file; return the range that is there around it.

        Raises:
            SourceError: it cannot be fetched.
            DownloadLimit: too much has been fetched already.
            Stop: `stopped` said so.
        """
        end = min(offset + count, self.size)
        for start, stop in self._there.missing(offset, end):
            self._fetch(start, self._stretched(start, stop), stopped)
        return self._there.around(offset)

    def digest(self, algorithm: str, prefix: bytes = b"") -> str:
        """Return the hash of `prefix` and the file, which has to be whole."""
        hasher = hashlib.new(algorithm, prefix, usedforsecurity=algorithm != "sha1")
        for at in range(0, self.size, MIB):
            hasher.update(os.pread(self._file, MIB, at))
        return hasher.hexdigest()

    def _stretched(self, start: int, end: int) -> int:
        """Return how far to read: further and further while reading goes straight on."""
        if start == self._last_end:
            self._ahead = min(2 * self._ahead, _MOST_AHEAD)
        else:
            self._ahead = _STEP if start else _FIRST
        wanted = min(max(end, start + self._ahead), self.size)
        return self._there.missing(start, wanted)[0][1]

    def _fetch(self, start: int, end: int, stopped: Stopped) -> None:
        if self.fetched + end - start > self._most:
            raise DownloadLimit(f"judging it takes more than {self._most} bytes from the network")
        while start < end:
            if time.monotonic() > self._deadline:
                raise SourceError("reading it from the network took too long")
            data = self._reader.fetch(start, min(end - start, LARGEST_RANGE), stopped)
            try:
                written = os.pwrite(self._file, data, start)
            except OSError as error:
                raise SourceError(f"there is no room to keep it: {error.strerror}") from error
            self._there.add(start, start + written)
            self.fetched += written
            start += written
        self._last_end = start
