"""Finds the central directories of a zip archive as its different readers find them.

Each reader starts from an end record (APPNOTE.TXT 4.3.16) and goes its own way from there:

- Python's zipfile steps back from the end record by the declared size, and shifts all offsets by
  the difference to the declared offset, so that prepended bytes do not matter;
- miniz, as built into PyTorch, takes the declared offset as it is; ``torch.load`` moreover wants a
  local header at 0, which ``torch.jit.load`` does not;
- lenient tools may take any end record they come across, or ignore the zip64 one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from weighbridge.budget import Budget
from weighbridge.containers.base import Log
from weighbridge.containers.zip_records import (
    CentralEntry,
    Directory,
    End64,
    EndRecord,
    LocalReader,
    find_end64,
    find_ends,
    has_directory,
    read_directory,
)
from weighbridge.errors import ParseError
from weighbridge.sources.base import Source

_MAX16 = 0xFFFF
_MAX32 = 0xFFFFFFFF


@dataclass(slots=True)
class Reading:
    """One central entry as some readers see it; `local` is the position they look at."""

    entry: CentralEntry
    local: int
    views: frozenset[str]

    def drop(self, view: str) -> None:
        """This reader does not get to see the entry."""
        self.views -= {view}


@dataclass(slots=True)
class Directories:
    """All entries of all directories, and the ranges that directories and end records take up."""

    ends: list[EndRecord]
    readings: list[Reading] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)
    chosen: EndRecord | None = None
    shift: int = 0


def looks_like_zip(source: Source) -> bool:
    """Tell whether an end record leads to a directory that is there and is not empty."""
    for end in reversed(find_ends(source)):
        for _, directory in _directories(end, find_end64(source, end)):
            if directory.entries and has_directory(source, directory):
                return True
    return False


class DirectoryFinder:
    """Reads what the end records lead to: the last one for all readers, the others as lenient."""

    def __init__(self, source: Source, budget: Budget, log: Log) -> None:
        self._source = source
        self._budget = budget
        self._log = log
        self._readings: dict[tuple[int, int], Reading] = {}
        self._found = Directories(find_ends(source))

    def find(self) -> Directories:
        """Return all entries of all directories, in the order of their local headers."""
        found = self._found
        for end in reversed(found.ends):
            zip64 = find_end64(self._source, end)
            usable = [
                (views, directory)
                for views, directory in _directories(end, zip64)
                if has_directory(self._source, directory)
            ]
            if found.chosen is None:
                if usable:
                    self._choose(end, zip64)
                    self._collect_all(usable)
            elif usable and not self._is_inside(end.position):
                self._cover(end, zip64)
                self._collect_all([(frozenset({"lenient"}), one) for _, one in usable])
        self._sort()
        self._readings.clear()
        return found

    def _choose(self, end: EndRecord, zip64: list[End64]) -> None:
        self._found.chosen = end
        self._cover(end, zip64)
        _judge_end(end, zip64, self._log)

    def _cover(self, end: EndRecord, zip64: list[End64]) -> None:
        covered = self._found.covered
        covered.append((end.position, end.end))
        if zip64:
            covered.append((end.position - 20, end.position))
        covered += [(one.position, one.position + one.length) for one in zip64]

    def _sort(self) -> None:
        self._found.readings = sorted(self._readings.values(), key=lambda one: one.local)

    def _is_inside(self, position: int) -> bool:
        """Tell whether `position` lies in a record or a member that is known already."""
        if any(start <= position < end for start, end in self._found.covered):
            return True
        self._sort()
        readings = self._found.readings
        index = bisect_right(readings, position, key=lambda one: one.local) - 1
        if index < 0:
            return False
        header = LocalReader(self._source).header(readings[index].local)
        return header is not None and position < header.data + readings[index].entry.packed

    def _collect_all(self, usable: list[tuple[frozenset[str], Directory]]) -> None:
        for views, directory in usable:
            reached = directory.start
            try:
                reached = self._collect(directory, views)
            except ParseError as error:
                self._log.stopped(error)
                reached = directory.limit
            self._found.covered.append((directory.start, reached))
            if "zipfile" in views:
                self._found.shift = directory.shift

    def _collect(self, directory: Directory, views: frozenset[str]) -> int:
        """Read one directory; an entry that is met again only gains views."""
        count, reached = 0, directory.start
        for entry in read_directory(self._source, directory, self._budget):
            seen = views
            if count >= directory.entries:
                seen = seen - {"miniz"}
            if entry.position - directory.start >= directory.size:
                seen = seen - {"zipfile"}
            count += 1
            key = (entry.position, entry.local + directory.shift)
            known = self._readings.get(key)
            if known is None:
                self._readings[key] = Reading(entry, key[1], seen)
            elif known.views != seen:
                known.views |= seen
            reached = entry.end
        if count & _MAX16 != directory.entries & _MAX16:
            self._log.anomaly(
                "zip-entry-count",
                f"{directory.entries} entries are declared, {count} are there",
                offset=directory.start,
            )
        return self._signature(reached)

    def _signature(self, at: int) -> int:
        """Return the end of a digital signature (4.3.13) at `at`, or `at`."""
        head = self._source.read_at(at, 6)
        if len(head) < 6 or head[:4] != b"PK\x05\x05":
            return at
        return at + 6 + int.from_bytes(head[4:], "little")


def _directories(end: EndRecord, zip64: list[End64]) -> Iterator[tuple[frozenset[str], Directory]]:
    """Yield who takes the directory to be where, most common readers first, each place once."""
    choices: list[tuple[str, Directory]] = []
    wide = zip64[0] if zip64 else None
    limit = wide.position if wide else end.position
    size, offset, entries = (
        (wide.size, wide.offset, wide.entries) if wide else (end.size, end.offset, end.entries)
    )
    start = limit - size
    choices.append(("zipfile", Directory(start, limit, start - offset, size, entries)))
    named = zip64[-1] if zip64 else None
    if named is not None:
        size, offset, entries = named.size, named.offset, named.entries
    choices.append(("miniz", Directory(offset, limit, 0, size, entries)))
    if named is not None and _MAX32 not in (end.size, end.offset):
        start = end.position - end.size
        choices.append(("lenient", Directory(end.offset, limit, 0, end.size, end.entries)))
    merged: dict[tuple[int, int], tuple[set[str], Directory]] = {}
    for view, directory in choices:
        if directory.start <= directory.limit:
            merged.setdefault((directory.start, directory.shift), (set(), directory))[0].add(view)
    for views, directory in merged.values():
        yield frozenset(views | {"lenient"}), directory


def _judge_end(end: EndRecord, zip64: list[End64], log: Log) -> None:
    disks = {end.disk, end.directory_disk} - {_MAX16}
    if disks - {0} or (end.entries_here != end.entries and not zip64):
        log.anomaly("zip-multidisk", "claims to span several disks", offset=end.position)
    if zip64 and zip64[0].disks > 1:
        log.anomaly("zip-multidisk", "claims to span several disks", offset=end.position)
    if len(zip64) > 1:
        log.anomaly(
            "zip64-mismatch",
            "the zip64 end record is not where its locator says, and another one is there",
            offset=zip64[0].position,
        )
    for wide in zip64:
        pairs = (
            (end.entries, wide.entries, _MAX16),
            (end.size, wide.size, _MAX32),
            (end.offset, wide.offset, _MAX32),
        )
        if any(narrow not in (full, ones) for narrow, full, ones in pairs):
            log.anomaly(
                "zip64-mismatch", "the two end records contradict each other", offset=wide.position
            )
            break
