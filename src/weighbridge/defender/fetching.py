"""Remote bytes on both sides of the border: workers ask, the scanner fetches.

A worker has no network and no credentials. It names a range; the scanner checks that, fetches it
into a local file that both have open, and says what is there now.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from weighbridge.budget import Counters
from weighbridge.defender import messages
from weighbridge.errors import DownloadLimit, LimitExceeded, SourceError, WorkerError
from weighbridge.sources.extents import Extents

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

    def provide(self, offset: int, count: int, stopped: Callable[[], bool]) -> tuple[int, int]:
        """Fetch a range that lies within the file; return the range that is there around it.

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
    offset, count = message.get("offset"), message.get("count")
    if type(offset) is not int or type(count) is not int:
        raise WorkerError("a range that is none")
    if offset < 0 or count <= 0 or offset + count > supply.size:
        raise WorkerError("a range outside the file")
    try:
        start, end = supply.provide(offset, count, stopped)
    except DownloadLimit as error:
        return {"type": "missing", "code": _LIMIT, "text": str(error)[:_TEXT]}
    except SourceError as error:
        return {"type": "missing", "code": "source-error", "text": str(error)[:_TEXT]}
    return {"type": "there", "start": start, "end": end}


class FetchedSource:
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
            self._ask(offset, count)
        data = os.pread(self._descriptor, count, offset)
        while len(data) < count:
            more = os.pread(self._descriptor, count - len(data), offset + len(data))
            if not more:
                raise SourceError("the scanner has less than it says")
            data += more
        self._counters.bytes_read += count
        return data

    def _ask(self, offset: int, count: int) -> None:
        began = time.monotonic()
        request = {"type": "read", "job": self._job, "offset": offset, "count": count}
        messages.send(self._connection, request)
        answer = messages.receive(self._connection)
        self._counters.waited += time.monotonic() - began
        if answer["type"] == "missing":
            text = str(answer.get("text"))
            if answer.get("code") == _LIMIT:
                raise LimitExceeded(_LIMIT, text, offset)
            raise SourceError(text)
        self._there.add(int(answer["start"]), int(answer["end"]))
