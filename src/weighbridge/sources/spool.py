"""What has been fetched of a remote file, in a local file of holes.

The scanner fetches and writes; a worker holds the same file open for reading and asks for what is
still a hole. So no byte is fetched twice, and no byte of it stays in memory.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor, wait
from threading import Lock

from weighbridge.budget import DOWNLOAD_BYTES, MIB
from weighbridge.errors import DownloadLimit, SourceError
from weighbridge.sources.extents import Extents
from weighbridge.sources.http_ranges import LARGEST_RANGE, RangeIgnored, RangeReader
from weighbridge.sources.transport import Stopped

WHOLE_BYTES = 10 * MIB
"""A file up to this size is fetched whole from a server that ignores ranges: what Git keeps itself
on the Hugging Face Hub is not larger."""
FILE_SECONDS = 3600.0
"""Time on the network for one file."""
FIRST_BYTES = 16 << 10
"""Read at the start of a file: the headers of most formats."""
_STEP = 4 << 10
"""Small enough that a header between two tensors costs little."""
_GRAIN = 512
_MOST_AHEAD = 4 * MIB
Ranges = Sequence[tuple[int, int]]
"""As (start, end)."""


class Spool:
    """Fetches the ranges that are asked for, each byte once; used by one thread at a time."""

    def __init__(self, reader: RangeReader, fetchers: Executor, most: int = DOWNLOAD_BYTES) -> None:
        self._reader = reader
        self._fetchers = fetchers
        self._most = most
        self._there = Extents()
        self._ahead = FIRST_BYTES
        self._last_end = FIRST_BYTES
        self._deadline = time.monotonic() + FILE_SECONDS
        self._lock = Lock()
        self._failure: SourceError | None = None
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
        return self._failure is None and not self._there.missing(0, self.size)

    @property
    def md5(self) -> str | None:
        """See :attr:`RangeReader.md5`."""
        return self._reader.md5

    def close(self) -> None:
        """Give the disk space back."""
        os.close(self._file)
        os.close(self.descriptor)

    def provide(self, ranges: Ranges, stopped: Stopped) -> Ranges:
        """See to it that ranges are in the file; return what is there around them.

        One range is stretched to what will probably be asked for next. Several are fetched at
        the same time, as they are.

        Raises:
            SourceError: one of them cannot be fetched.
            DownloadLimit: too much has been fetched already.
            Stop: `stopped` said so.
        """
        if self._failure is not None:
            raise self._failure  # It was tried long enough.
        try:
            if len(ranges) == 1:
                self._fetch_one(*ranges[0], stopped)
            else:
                self._fetch_all(self._coalesced(ranges), stopped)
        except DownloadLimit:
            raise
        except SourceError as error:
            self._failure = error
            raise
        return [self._there.around(start) for start, _ in ranges]

    def check_empty(self, stopped: Stopped) -> None:
        """See :meth:`RangeReader.check_empty`; remembers a failure as :meth:`provide` does."""
        try:
            self._reader.check_empty(stopped)
        except SourceError as error:
            self._failure = error

    @property
    def failure(self) -> SourceError | None:
        """Why fetching was given up, if it was."""
        return self._failure

    def digest(self, algorithm: str, prefix: bytes = b"") -> str:
        """Return the hash of `prefix` and the file, which has to be whole."""
        hasher = hashlib.new(algorithm, prefix, usedforsecurity=algorithm == "sha256")
        for at in range(0, self.size, MIB):
            hasher.update(os.pread(self._file, MIB, at))
        return hasher.hexdigest()

    def _stretched(self, start: int, end: int) -> int:
        """Return how far to read: further and further while reading goes straight on."""
        before = self._there.around(max(0, start - 1))[0]
        if before < self._last_end <= start:
            self._ahead = min(2 * self._ahead, _MOST_AHEAD)
        else:
            self._ahead = _STEP if start else FIRST_BYTES
        ahead = min(self._ahead, max(0, self._most - self.fetched))
        wanted = min(max(end, start + ahead), self.size)
        return self._there.missing(start, wanted)[0][1]

    def _fetch_one(self, offset: int, end: int, stopped: Stopped) -> None:
        for start, stop in self._there.missing(offset, end):
            reached = self._stretched(start, stop)
            self._fetch(start, reached, stopped)
            self._last_end = reached

    def _coalesced(self, ranges: Ranges) -> list[tuple[int, int]]:
        """Return what is missing of `ranges`, brought to borders, and near ones as one."""
        wanted = Extents()
        for start, end in sorted(ranges):
            wanted.add(start // _GRAIN * _GRAIN, min(-(-end // _GRAIN) * _GRAIN, self.size))
        return [gap for start, end in wanted for gap in self._there.missing(start, end)]

    def _fetch_all(self, gaps: list[tuple[int, int]], stopped: Stopped) -> None:
        """Fetch `gaps` at the same time, but for one that finds out where the file is."""
        if gaps and not self._reader.located:
            self._fetch(*gaps.pop(0), stopped)
        fetches = [self._fetchers.submit(self._fetch, *gap, stopped) for gap in gaps]
        wait(fetches)
        for fetch in fetches:
            fetch.result()

    def _fetch(self, start: int, end: int, stopped: Stopped) -> None:
        with self._lock:
            if self.fetched + end - start > self._most:
                text = f"judging it takes more than {self._most} bytes from the network"
                raise DownloadLimit(text)
            self.fetched += end - start
        while start < end:
            if time.monotonic() > self._deadline:
                raise SourceError("reading it from the network took too long")
            try:
                data = self._reader.fetch(start, min(end - start, LARGEST_RANGE), stopped)
            except RangeIgnored:
                if self.size > WHOLE_BYTES:
                    raise
                start, end = 0, self.size  # Then all of it; some servers do so for small files.
                data = self._reader.fetch(start, end, stopped)
            try:
                written = os.pwrite(self._file, data, start)
            except OSError as error:
                raise SourceError(f"there is no room to keep it: {error.strerror}") from error
            with self._lock:
                self._there.add(start, start + written)
            start += written
