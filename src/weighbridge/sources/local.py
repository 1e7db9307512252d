"""Local files, read in bounded windows through an open descriptor."""

from __future__ import annotations

import os

from weighbridge.budget import Counters
from weighbridge.errors import SourceError


class FileSource:
    """The bytes behind an open file descriptor, which the caller keeps and closes.

    Reads go through ``pread``: a mapped file would raise SIGBUS when it is truncated during the
    scan, and its pages would count as our memory.
    """

    def __init__(self, descriptor: int, counters: Counters) -> None:
        self._descriptor = descriptor
        self._counters = counters
        self._size = os.fstat(descriptor).st_size

    @property
    def size(self) -> int:
        """Length in bytes when the scan began; later growth is not looked at."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        wanted = min(count, self._size - offset)
        if wanted <= 0:
            return b""
        try:
            data = os.pread(self._descriptor, wanted, offset)
            while len(data) < wanted:
                more = os.pread(self._descriptor, wanted - len(data), offset + len(data))
                if not more:
                    raise SourceError("the file became shorter while it was read")
                data += more
        except OSError as error:
            raise SourceError(f"reading failed: {error.strerror}") from error
        self._counters.bytes_read += wanted
        return data
