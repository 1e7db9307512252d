"""In which order the files of a target are examined, so that no two read the same at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from weighbridge.defender.files import Found, Refused
from weighbridge.defender.remote import Remote
from weighbridge.platform.scans.hub_targets import RemoteFile
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.kept import Kept
from weighbridge.platform.scans.reading import read_as
from weighbridge.platform.scans.targets import Target

Entry = Found | Remote | Refused
PORTION = 16
"""So many files are taken at once: enough to fetch ahead, and the rest is there for helpers."""
_FEW = PORTION // 2
_LOOK_SECONDS = 0.25


class Work:
    """The files of a target: first what can be read or is known, then what others were reading."""

    def __init__(self, target: Target, kept: Kept, taken: Taken) -> None:
        self._target = target
        self._kept = kept
        self._taken = taken
        self._keys: dict[str, str] = {}
        self._held: set[str] = set()
        self._new = {one.path for one in target.entries if self._is_unread(one)}

    def close(self) -> None:
        """Give back what was taken."""
        self._taken.release_all()

    @property
    def unread(self) -> int:
        """How many files at a hub were not read before this began."""
        return len(self._new)

    def is_new(self, path: str) -> bool:
        """Tell whether the content of a file was not read before this began."""
        return path in self._new

    def batches(self, size: int, beat: Callable[[], None]) -> Iterator[Sequence[Entry]]:
        """Yield files a few at a time; one that was yielded is stored before the next is asked for.

        Args:
            size: of a batch.
            beat: called while waiting for others; what it raises ends the waiting.
        """
        if self._target.ahead is None:
            yield from _batches(self._target.entries, size)
            return
        hand: deque[Entry] = deque()
        waiting: Sequence[Entry] = self._target.entries
        while hand or waiting:
            if waiting and len(hand) < _FEW:
                ready, waiting = self._shared_out(waiting)
                hand.extend(ready)
            if hand:
                batch = [hand.popleft() for _ in range(min(size, len(hand)))]
                yield batch
                self._release(batch)
            else:
                beat()
                time.sleep(_LOOK_SECONDS)

    def spare(self, size: int) -> Iterator[Sequence[Entry]]:
        """Yield a few at a time what nobody has read or is reading, as long as there is any."""
        waiting: Sequence[Entry] = list(self._unread(self._target.entries).values())
        while True:
            ready, waiting = self._shared_out(waiting)
            if not ready:
                return
            mine = (one for one in ready if isinstance(one, Remote))
            for batch in _batches([one for one in mine if self._key(one) in self._held], size):
                yield batch
                self._release(batch)

    def _shared_out(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Return what can be done now, and what is left; the first of several alike is done."""
        unread = self._unread(entries)
        got = self._taken.take([key for key in unread if key not in self._held], PORTION)
        # Others may have read it since we last looked; nobody reads it now that it is taken.
        self._kept.look_again([self._file(unread[key]) for key in got])
        known = {key for key in got if self._kept.has(self._file(unread[key]))}
        self._taken.release(known)
        fetched = got - known
        if known and not fetched:  # Then others have read more of them.
            self._kept.look_again([self._file(one) for one in unread.values()])
        self._held |= fetched
        assert self._target.ahead is not None
        self._target.ahead.expect(one.file for key, one in unread.items() if key in fetched)
        mine = {unread[key].path for key in fetched}
        ready: list[Entry] = []
        left: list[Entry] = []
        for one in entries:
            later = self._is_unread(one) and one.path not in mine
            (left if later else ready).append(one)
        return ready, left

    def _unread(self, entries: Iterable[Entry]) -> dict[str, Remote]:
        """Return by key the first of each content that was not read before."""
        found: dict[str, Remote] = {}
        for one in entries:
            if isinstance(one, Remote) and self._is_unread(one):
                found.setdefault(self._key(one), one)
        return found

    def _file(self, entry: Remote) -> RemoteFile:
        assert self._target.ahead is not None
        return RemoteFile(entry.path, entry.file, self._target.ahead)

    def _is_unread(self, entry: Entry) -> bool:
        return isinstance(entry, Remote) and not self._kept.has(self._file(entry))

    def _key(self, entry: Remote) -> str:
        key = self._keys.get(entry.path)
        if key is None:
            content = self._kept.key(self._file(entry))
            key = self._keys[entry.path] = self._taken.key(content, read_as(entry.path))
        return key

    def _release(self, batch: Sequence[Entry]) -> None:
        keys = self._held & {self._key(one) for one in batch if isinstance(one, Remote)}
        self._taken.release(keys)
        self._held -= keys


def _batches(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    rest = iter(entries)
    while batch := tuple(islice(rest, size)):
        yield batch
