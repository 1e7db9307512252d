"""What workers ask for, and what the scanner makes of it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from weighbridge.budget import Budget, Counters, Limits
from weighbridge.defender import messages
from weighbridge.defender.fetching import MOST_RANGES, FetchedSource, answer_read
from weighbridge.defender.pool import Pool
from weighbridge.errors import DownloadLimit, LimitExceeded, SourceError, WorkerError

DATA = bytes(range(256)) * 40


class Remote:
    """A remote file that arrives in a local one, as late as a test wants it."""

    def __init__(self, place: Path, data: bytes = DATA, delay: float = 0.0) -> None:
        self._file = os.open(place, os.O_RDWR | os.O_CREAT)
        self.descriptor = os.open(place, os.O_RDONLY)
        self.size = len(data)
        self.asked: list[tuple[int, int]] = []
        self.error: SourceError | None = None
        self._data = data
        self._delay = delay

    def provide(self, ranges: Sequence[tuple[int, int]], stopped) -> Sequence[tuple[int, int]]:
        time.sleep(self._delay)
        if self.error is not None:
            raise self.error
        for start, end in ranges:
            self.asked.append((start, end))
            os.pwrite(self._file, self._data[start:end], start)
        return ranges


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "spool")


@pytest.mark.parametrize(
    "ranges",
    [
        None, [], "x", [[0, 1]] * (MOST_RANGES + 1), [[0]], [[0, 1, 2]], [["0", 1]], [[0, True]],
        [[-1, 5]], [[0, 0]], [[0, -1]], [[len(DATA), 1]],
        [[0, len(DATA) + 1]], [[0, 1], [1 << 80, 1]],
    ],
)  # fmt: skip
def test_no_worker_gets_what_no_honest_one_asks(remote: Remote, ranges: object) -> None:
    with pytest.raises(WorkerError):
        answer_read({"type": "read", "ranges": ranges}, remote, lambda: False)
    assert remote.asked == []


Connect = Callable[[Remote, Counters], FetchedSource]


@pytest.fixture
def source_of() -> Iterator[Connect]:
    """What makes a source whose scanner answers from another thread."""
    with contextlib.ExitStack() as stack:

        def connect(remote: Remote, counters: Counters) -> FetchedSource:
            ours, theirs = socket.socketpair()

            def answer() -> None:
                with theirs, contextlib.suppress(WorkerError, OSError):
                    while True:
                        message = messages.receive(theirs)
                        messages.send(theirs, answer_read(message, remote, lambda: False))

            threading.Thread(target=answer, daemon=True).start()
            stack.enter_context(ours)
            return FetchedSource(ours, 1, remote.descriptor, remote.size, counters)

        yield connect


def test_bytes_are_those_of_the_file(remote: Remote, source_of: Connect) -> None:
    counters = Counters()
    source = source_of(remote, counters)
    assert source.read_at(100, 50) == DATA[100:150]
    assert source.read_at(120, 10) == DATA[120:130]
    assert source.read_at(len(DATA) - 3, 100) == DATA[-3:]
    assert source.read_at(len(DATA), 1) == b""
    assert remote.asked == [(100, 150), (len(DATA) - 3, len(DATA))]
    assert counters.bytes_read == 63


def test_ranges_that_were_announced_are_asked_for_once(remote: Remote, source_of: Connect) -> None:
    source = source_of(remote, Counters())
    source.announce([(0, 4), (1000, 4), (len(DATA) + 5, 4)])
    assert remote.asked == [(0, 4), (1000, 1004)]
    assert source.read_at(1000, 4) == DATA[1000:1004]
    assert len(remote.asked) == 2


def test_errors_arrive_as_what_they_are(remote: Remote, source_of: Connect) -> None:
    source = source_of(remote, Counters())
    remote.error = SourceError("the storage is gone")
    source.announce([(0, 4), (1000, 4)])
    with pytest.raises(SourceError, match="gone"):
        source.read_at(0, 4)
    remote.error = DownloadLimit("too much")
    with pytest.raises(LimitExceeded) as caught:
        source.read_at(0, 4)
    assert caught.value.code == "limit-download"


def test_waiting_for_the_network_is_not_parsing(tmp_path: Path, source_of: Connect) -> None:
    budget = Budget(Limits(seconds=0.2))
    source = source_of(Remote(tmp_path / "spool", delay=0.3), budget.counters)
    source.read_at(0, 4)
    budget.check_time()
    assert budget.counters.waited >= 0.3


def test_a_real_worker_asks_for_what_it_needs(tmp_path: Path) -> None:
    data = b"cposix\nsystem\n(S'echo weighbridge-test'\ntR."
    remote = Remote(tmp_path / "spool", data, delay=0.2)
    workers = Pool()
    try:
        answer = workers.examine(remote, Limits(seconds=0.1), name="model.bin")
    finally:
        workers.close()
    assert answer.failure is None
    assert "system" in str(answer.facts)
