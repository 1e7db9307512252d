"""Bringing records into the file of vulnerabilities: whole or not at all, and what is new only.

An import works on a copy beside the file, committed every few thousand records. When it is whole
the copy takes the file's place. One that was interrupted is found again by the next import of the
same source, which passes over what the copy has already.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from weighbridge.libraries.assessing import assess
from weighbridge.libraries.entries import Entry, count, entries
from weighbridge.libraries.records import Refused, checked
from weighbridge.libraries.store import Store, StoreError, digest_of

_BATCH = 2_000
_SHOWN = 20

OnImport = Callable[[int, int | None], None]
"""Told how many entries are done, of how many where that is known."""


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        refused: malformed records.
        reasons: the first of them: entry and reason.
        kept: entries whose record another source has in a newer state.
        dropped: records that the source does not have any more.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    refused: int = 0
    dropped: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def done(self) -> int:
        """Entries that were looked at."""
        return self.added + self.changed + self.unchanged + self.kept + self.refused

    def refuse(self, entry: str, reason: str) -> None:
        """Count a malformed record."""
        self.refused += 1
        self.kinds[reason] += 1
        if len(self.reasons) < _SHOWN:
            self.reasons.append((entry, reason))


def import_records(
    database: str, place: str, source: str | None = None, progress: OnImport | None = None
) -> Imported:
    """Bring the records at `place` into the file at `database`.

    Args:
        database: made when it is not there.
        place: a file with a record, or a list of them, a zip of such files, or a folder.
        source: what the records are known by, so that a later import of the same source drops what
            it does not have any more; by default the place itself.
        progress: called after every few records.

    Raises:
        StoreError: the place cannot be read, or the file not written; the file is as before.
    """
    label = source or os.path.abspath(place)
    listed = entries(place)
    try:
        folder = os.path.dirname(os.path.abspath(database))
        os.makedirs(folder, exist_ok=True)
        with _alone(f"{database}.lock"):
            return _imported(database, listed, label, count(place), progress)
    except OSError as error:
        raise StoreError(f"cannot write {database}: {error.strerror}") from error


@contextlib.contextmanager
def _alone(place: str) -> Iterator[IO[bytes]]:
    with open(place, "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError("another weighbridge db update is running") from error
        yield lock


def _imported(
    database: str,
    listed: Iterator[Entry | str],
    source: str,
    total: int | None,
    progress: OnImport | None,
) -> Imported:
    partial = f"{database}.partial"
    store = _copy(database, partial, source)
    try:
        result = _fill(store, listed, source, lambda done: progress and progress(done, total))
        store.finish()
    finally:
        store.close()
    with open(partial, "rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, database)
    return result


def _copy(database: str, partial: str, source: str) -> Store:
    """Open the copy to work on: the one that an interrupted import left, or a new one."""
    base = _state(database)
    with contextlib.suppress(StoreError):
        if os.path.exists(partial):
            store = Store(partial, writing=True)
            if (store.meta("filling"), store.meta("base")) == (source, base):
                return store
            store.close()
    for leftover in (partial, f"{partial}-journal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)
    if base:
        shutil.copyfile(database, partial)
    try:
        store = Store(partial, writing=True)
    except StoreError:
        os.unlink(partial)  # The file is of another version, or damaged: made anew.
        store = Store(partial, writing=True)
    store.note("filling", source)
    store.note("base", base)
    return store


def _state(database: str) -> str:
    try:
        status = os.stat(database)
    except FileNotFoundError:
        return ""
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def _fill(
    store: Store, listed: Iterator[Entry | str], source: str, told: Callable[[int], object]
) -> Imported:
    result = Imported()
    before = store.digests(source)
    seen: set[str] = set()
    while batch := list(islice(listed, _BATCH)):
        with store.together():
            for item in batch:
                _take(store, item, source, before, result, seen)
        told(result.done)
    # What was refused just now is no reason to forget what was valid before.
    gone = [known for entry, (_digest, known) in before.items() if entry not in seen]
    with store.together():
        store.drop(gone)
    result.dropped = len(gone)
    return result


def _take(
    store: Store,
    item: Entry | str,
    source: str,
    before: dict[str, tuple[bytes, str]],
    result: Imported,
    seen: set[str],
) -> None:
    name = item if isinstance(item, str) else item.name
    seen.add(name)
    if isinstance(item, str):
        result.refuse(name, "it cannot be read, or is too large")
        return
    digest = digest_of(item.data)
    known = before.get(name)
    if known is not None and known[0] == digest:
        result.unchanged += 1
        return
    try:
        record = checked(item.value())
    except Refused as error:
        result.refuse(name, str(error))
        return
    modified = store.modified(record.id)
    if known is None and modified > record.modified:
        result.kept += 1
        return
    store.put(record, assess(record), source, name, digest)
    if modified:
        result.changed += 1
    else:
        result.added += 1
