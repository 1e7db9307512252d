"""Remote bytes on both sides of the border: workers ask, the scanner fetches.

A worker has no network and no credentials. It names a range; the scanner checks that, fetches it
into a local file that both have open, and says what is there now.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from weighbridge.budget import Counters
from weighbridge.defender import messages
from weighbridge.errors import DownloadLimit, LimitExceeded, SourceError, WorkerError
from weighbridge.sources.base import Announced
from weighbridge.sources.extents import Extents

MOST_RANGES = 256
"""Ranges in one request."""
Ranges = Sequence[tuple[int, int]]
_TEXT = 500
_LIMIT = "limit-download"


class Supply(Protocol):
    """A remote file that is fetched into a local one as it is needed."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    @property
    def descriptor(self) -> int:
        """The local file, open for reading."""

    def provide(self, ranges: Ranges, stopped: Callable[[], bool]) -> Ranges:
        """Fetch the ranges (start, end), which lie within the file; return those that are there.

        Raises:
            SourceError: it cannot be fetched.
        """


def answer_read(
    message: Mapping[str, object], supply: Supply, stopped: Callable[[], bool]
) -> dict[str, object]:
    """Return the scanner's answer to a worker's request for a range.

    Raises:
        WorkerError: no honest worker would ask that.
    """
    asked = message.get("ranges")
    if not isinstance(asked, list) or not 0 < len(asked) <= MOST_RANGES:
        raise WorkerError("a request for no ranges, or for too many")
    ranges = [_checked(one, supply.size) for one in asked]
    try:
        there = supply.provide(ranges, stopped)
    except DownloadLimit as error:
        return {"type": "missing", "code": _LIMIT, "text": str(error)[:_TEXT]}
    except SourceError as error:
        return {"type": "missing", "code": "source-error", "text": str(error)[:_TEXT]}
    return {"type": "there", "ranges": there}


def _checked(asked: object, size: int) -> tuple[int, int]:
    """Return start and end of a range that a worker may ask for."""
    if not isinstance(asked, list) or len(asked) != 2:
        raise WorkerError("a range that is none")
    offset, count = asked
    if type(offset) is not int or type(count) is not int:
        raise WorkerError("a range that is none")
    if offset < 0 or count <= 0 or offset + count > size:
        raise WorkerError("a range outside the file")
    return offset, offset + count


class FetchedSource(Announced):
    """The worker's view of a remote file of `size` bytes; see :class:`Source`."""

    def __init__(
        self, connection: socket.socket, job: object, descriptor: int, size: int, counters: Counters
    ) -> None:
        self._connection = connection
        self._job = job
        self._descriptor = descriptor
        self._size = size
        self._counters = counters
        self._there = Extents()

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`.

        Raises:
            LimitExceeded: more would be fetched than may be.
        """
        count = min(count, self._size - offset)
        if count <= 0:
            return b""
        if self._there.missing(offset, offset + count):
            self._ask([(offset, count)])
        data = os.pread(self._descriptor, count, offset)
        while len(data) < count:
            more = os.pread(self._descriptor, count - len(data), offset + len(data))
            if not more:
                raise SourceError("the scanner has less than it says")
            data += more
        self._counters.bytes_read += count
        return data

    def announce(self, ranges: Iterable[tuple[int, int]]) -> None:
        """See :func:`weighbridge.sources.base.announce`."""
        wanted = [(at, min(count, self._size - at)) for at, count in ranges if at < self._size]
        missing = [one for one in wanted if self._there.missing(one[0], sum(one))][:MOST_RANGES]
        if len(missing) > 1:
            with suppress(SourceError, LimitExceeded):  # Who needs the bytes will ask again.
                self._ask(missing)

    def _ask(self, ranges: Sequence[tuple[int, int]]) -> None:
        began = time.monotonic()
        messages.send(self._connection, {"type": "read", "job": self._job, "ranges": ranges})
        answer = messages.receive(self._connection)
        self._counters.waited += time.monotonic() - began
        if answer["type"] == "missing":
            text = str(answer.get("text"))
            if answer.get("code") == _LIMIT:
                raise LimitExceeded(_LIMIT, text, ranges[0][0])
            raise SourceError(text)
        for start, end in answer["ranges"]:
            self._there.add(start, end)
