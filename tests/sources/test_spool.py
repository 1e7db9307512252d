"""What is fetched of a remote file, when, and how much at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.errors import DownloadLimit, SourceError
from weighbridge.sources.spool import FIRST_BYTES, Spool

SIZE = 3_000_000
DATA = os.urandom(SIZE)


class Remote:
    """A file at a server that keeps a list of what was fetched."""

    size = SIZE
    located = True
    md5 = None

    def __init__(self) -> None:
        self.fetched: list[tuple[int, int]] = []
        self.error: SourceError | None = None

    def fetch(self, offset: int, count: int, stopped: object = None) -> bytes:
        if self.error is not None:
            raise self.error
        assert 0 < count <= SIZE - offset
        self.fetched.append((offset, count))
        return DATA[offset : offset + count]


def going_on() -> bool:
    return False


@pytest.fixture(scope="module")
def fetchers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def spool_of(remote: Remote, fetchers: ThreadPoolExecutor, most: int = SIZE) -> Spool:
    return Spool(remote, fetchers, most)  # type: ignore[arg-type]


PLACE = st.tuples(st.integers(0, SIZE - 1), st.integers(1, 50_000)).map(
    lambda one: (one[0], min(SIZE, sum(one)))
)


@given(st.lists(st.lists(PLACE, min_size=1, max_size=5), max_size=8))
def test_bytes_are_there_and_were_fetched_once(wanted: list[list[tuple[int, int]]]) -> None:
    remote = Remote()
    with ThreadPoolExecutor(2) as fetchers:
        spool = spool_of(remote, fetchers)
        for ranges in wanted:
            there = spool.provide(ranges, going_on)
            for (start, end), (low, high) in zip(ranges, there, strict=True):
                assert low <= start < end <= high
                assert os.pread(spool.descriptor, end - start, start) == DATA[start:end]
        assert sum(count for _, count in remote.fetched) == spool.fetched <= SIZE
        spool.close()


def test_reading_straight_on_takes_ever_larger_pieces(fetchers: ThreadPoolExecutor) -> None:
    remote = Remote()
    spool = spool_of(remote, fetchers)
    spool.provide([(0, FIRST_BYTES), (SIZE - 65_558, SIZE), (1 << 20, (1 << 20) + 8)], going_on)
    for start in range(0, SIZE, 8192):
        spool.provide([(start, min(SIZE, start + 8192))], going_on)
    assert len(remote.fetched) < 14
    assert spool.whole
    spool.close()


def test_reading_here_and_there_takes_little(fetchers: ThreadPoolExecutor) -> None:
    remote = Remote()
    spool = spool_of(remote, fetchers)
    for start in range(100_000, SIZE, 500_000):
        spool.provide([(start, start + 16)], going_on)
    assert max(count for _, count in remote.fetched) <= 4096
    spool.close()


def test_the_bound_is_kept_and_used(fetchers: ThreadPoolExecutor) -> None:
    remote = Remote()
    spool = spool_of(remote, fetchers, 50_000)
    for start in range(0, 48_000, 1000):
        spool.provide([(start, start + 1000)], going_on)
    with pytest.raises(DownloadLimit):
        spool.provide([(60_000, 70_000)], going_on)
    assert sum(count for _, count in remote.fetched) <= 50_000
    assert spool.provide([(0, 1000)], going_on)[0][0] == 0
    spool.close()


def test_a_failure_is_final(fetchers: ThreadPoolExecutor) -> None:
    remote = Remote()
    spool = spool_of(remote, fetchers)
    remote.error = SourceError("gone")
    with pytest.raises(SourceError):
        spool.provide([(0, 10)], going_on)
    remote.error = None
    with pytest.raises(SourceError, match="gone"):
        spool.provide([(0, 10)], going_on)
    assert (remote.fetched, spool.whole, str(spool.failure)) == ([], False, "gone")
    spool.close()
