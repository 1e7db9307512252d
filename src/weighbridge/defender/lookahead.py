"""Begins to fetch the files that are next, while workers parse the ones before.

The network's delay is then paid once and not once per file. What every file is asked for is there
when a worker begins: its first bytes and its last, and the places where an HDF5 file could begin.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from weighbridge.containers.zip_records import TAIL_BYTES
from weighbridge.errors import SourceError
from weighbridge.formats.hdf5.reading import user_blocks
from weighbridge.sources.http_ranges import RangeReader
from weighbridge.sources.hubs import HubFile
from weighbridge.sources.patience import RateLimited
from weighbridge.sources.spool import FIRST_BYTES, Spool
from weighbridge.sources.transport import NetworkError, Stop, Stopped, Transport

FILES = 8
"""Files that are fetched from at the same time, beside those that are examined."""
_FAILURES = 8
_GLANCE_SECONDS = 0.1
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
        self._failed = 0

    def expect(self, files: Iterable[HubFile]) -> None:
        """Say which files will be asked for."""
        with self._lock:
            self._waiting.update((file.path, file) for file in files)

    def take(self, file: HubFile, stopped: Stopped) -> Spool:
        """Return the spool of a file, which the caller closes.

        Raises:
            SourceError: the file cannot be fetched at all.
            OSError: there is no room for it.
            Stop: `stopped` said so.
        """
        with self._lock:
            begun = self._begun.pop(file.path, None) or self._begin(file)
            self._waiting.pop(file.path, None)
            while self._waiting and len(self._begun) < FILES:
                path, following = self._waiting.popitem(last=False)
                self._begun[path] = self._begin(following)
        while not wait([begun], _GLANCE_SECONDS).done:
            if stopped():
                self._closed = True
                begun.add_done_callback(_discard)
                raise Stop("interrupted")
        spool = begun.result()
        self._count(spool.failure)
        return spool

    def close(self) -> None:
        """Give up what nobody took."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._fetchers.shutdown(wait=True)
        for begun in self._begun.values():
            _discard(begun)
        self._begun.clear()

    def _begin(self, file: HubFile) -> Future[Spool]:
        return self._threads.submit(self._open, file)

    def _open(self, file: HubFile) -> Spool:
        if self._failed >= _FAILURES:
            raise SourceError("the hub does not answer any more")
        spool = Spool(RangeReader(self._transport, file.address), self._fetchers, self._most)
        if not file.size:
            if file.sha256 is None and file.blob is None:
                spool.check_empty(self._given_up)
            return spool
        ranges = [(0, min(FIRST_BYTES, file.size))]
        ranges += [(at, at + 8) for at in user_blocks(file.size) if at >= FIRST_BYTES]
        ranges.append((max(0, file.size - TAIL_BYTES), file.size))
        with suppress(SourceError):  # The spool remembers it, and says so to who reads.
            spool.provide(ranges, self._given_up)
        return spool

    def _count(self, failure: SourceError | None) -> None:
        """Count files in a row for which there was no answer: a dead hub is not waited for."""
        with self._lock:
            dead = isinstance(failure, NetworkError | RateLimited)
            self._failed = self._failed + 1 if dead else 0

    def _given_up(self) -> bool:
        return self._closed


def _discard(begun: Future[Spool]) -> None:
    """Close a spool that nobody takes."""
    if not begun.cancelled() and begun.exception() is None:
        begun.result().close()
