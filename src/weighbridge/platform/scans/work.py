"""In which order the files of a target are examined, so that no two scans read the same at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import TracebackType

from weighbridge.defender.files import Found, Refused
from weighbridge.defender.remote import Remote
from weighbridge.platform.scans.hub_targets import RemoteFile
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.kept import Kept
from weighbridge.platform.scans.reading import read_as
from weighbridge.platform.scans.targets import Target

Entry = Found | Remote | Refused
_LOOK_SECONDS = 0.25


class Work:
    """The files of a target: first what this scan reads or knows, then what others were reading.

    A context manager, which gives back in the end what was taken.
    """

    def __init__(self, target: Target, kept: Kept, taken: Taken) -> None:
        self._target = target
        self._kept = kept
        self._taken = taken

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._taken.release_all()

    def batches(self, size: int, beat: Callable[[], None]) -> Iterator[Sequence[Entry]]:
        """Yield files a few at a time; one that was yielded is stored before the next is asked for.

        Args:
            size: of a batch.
            beat: called while waiting for other scans; what it raises ends the waiting.
        """
        if self._target.ahead is None:
            yield from _batches(self._target.entries, size)
            return
        ready, others = self._shared_out(self._target.entries)
        while True:
            for batch in _batches(ready, size):
                yield batch
                self._taken.release(self._keys(batch))
            if not others:
                return
            beat()
            self._kept.look_again([self._file(entry) for entry in others])
            ready, others = self._shared_out(others)
            if not ready:
                time.sleep(_LOOK_SECONDS)

    def _shared_out(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Remote]]:
        """Return what can be done now and what others have; the first of several alike is done."""
        open_ = [one for one in entries if isinstance(one, Remote) and not self._has(one)]
        mine = self._taken.take({self._key(entry) for entry in open_})
        others: list[Remote] = []
        fetched: list[Remote] = []
        for entry in open_:
            key = self._key(entry)
            (fetched if key in mine else others).append(entry)
            mine.discard(key)
        assert self._target.ahead is not None
        self._target.ahead.expect(entry.file for entry in fetched)
        left = {entry.path for entry in others}
        return [one for one in entries if one.path not in left], others

    def _file(self, entry: Remote) -> RemoteFile:
        assert self._target.ahead is not None
        return RemoteFile(entry.path, entry.file, self._target.ahead)

    def _has(self, entry: Remote) -> bool:
        return self._kept.has(self._file(entry))

    def _key(self, entry: Remote) -> str:
        return self._taken.key(self._kept.key(self._file(entry)), read_as(entry.path))

    def _keys(self, batch: Sequence[Entry]) -> set[str]:
        return {self._key(entry) for entry in batch if isinstance(entry, Remote)}


def _batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    rest = iter(entries)
    while batch := list(islice(rest, size)):
        yield batch
