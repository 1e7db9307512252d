"""Begins to fetch the files that are next, while workers parse the ones before.

The network's delay is then paid once and not once per file. What every file is asked for is there
when a worker begins: its first bytes and its last, and the places where an HDF5 file could begin.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from weighbridge.containers.zip_records import TAIL_BYTES
from weighbridge.errors import SourceError
from weighbridge.formats.hdf5.reading import user_blocks
from weighbridge.sources.http_ranges import RangeReader
from weighbridge.sources.hubs import HubFile
from weighbridge.sources.spool import FIRST_BYTES, Spool
from weighbridge.sources.transport import Transport

FILES = 8
"""Files that are fetched from at the same time, beside those that are examined."""
RANGES = 24
"""Ranges of all files that are fetched at the same time."""


class Lookahead:
    """Hands out spools in any order; opens them in the order that was given."""

    def __init__(self, transport: Transport, most: int) -> None:
        self._transport = transport
        self._most = most
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, HubFile] = OrderedDict()
        self._begun: dict[str, Future[Spool]] = {}
        self._threads = ThreadPoolExecutor(FILES, "weighbridge-ahead")
        self._fetchers = ThreadPoolExecutor(RANGES, "weighbridge-fetch")
        self._closed = False

    def expect(self, files: Iterable[HubFile]) -> None:
        """Say which files will be asked for."""
        with self._lock:
            self._waiting.update((file.path, file) for file in files)

    def take(self, file: HubFile) -> Spool:
        """Return the spool of a file, which the caller closes.

        Raises:
            SourceError: the file cannot be fetched at all.
            OSError: there is no room for it.
        """
        with self._lock:
            begun = self._begun.pop(file.path, None) or self._begin(file)
            self._waiting.pop(file.path, None)
            while self._waiting and len(self._begun) < FILES:
                path, following = self._waiting.popitem(last=False)
                self._begun[path] = self._begin(following)
        return begun.result()

    def close(self) -> None:
        """Give up what nobody took."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._fetchers.shutdown(wait=True)
        for begun in self._begun.values():
            if not begun.cancelled():
                with suppress(SourceError, OSError):
                    begun.result().close()
        self._begun.clear()

    def _begin(self, file: HubFile) -> Future[Spool]:
        return self._threads.submit(self._open, file)

    def _open(self, file: HubFile) -> Spool:
        spool = Spool(RangeReader(self._transport, file.address), self._fetchers, self._most)
        ranges = [(0, min(FIRST_BYTES, file.size))]
        ranges += [(at, at + 8) for at in user_blocks(file.size) if at >= FIRST_BYTES]
        ranges.append((max(0, file.size - TAIL_BYTES), file.size))
        with suppress(SourceError):  # The spool remembers it, and says so to who reads.
            if file.size:
                spool.provide(ranges, self._given_up)
        return spool

    def _given_up(self) -> bool:
        return self._closed
