"""Turns the central and local headers of a zip archive into members, and compares the two.

A member is described twice (APPNOTE.TXT 4.3.7 and 4.3.12) and its sizes even three times (data
descriptor, 4.3.9). Python's zipfile and miniz go by the central header, streaming tools by the
local one; where the data range or the method differ, both readings become members.
"""

from __future__ import annotations

import re
import stat
from dataclasses import replace

from weighbridge.budget import Budget
from weighbridge.containers.base import Kind, Log, Member
from weighbridge.containers.blocks import HEADER_BLOCK
from weighbridge.containers.paths import Links, Names, judge_name
from weighbridge.containers.zip_directories import Reading
from weighbridge.containers.zip_records import CentralEntry, LocalHeader, LocalReader, name_text
from weighbridge.containers.zip_streams import FLAGS_REFUSED, Opener, Packed
from weighbridge.errors import ParseError
from weighbridge.sources.base import Source, announce

_LINK_TARGET = 4096
_PATH = re.compile(r"[\w./@+~%=-]+")
_ANNOUNCED = 256
_DESCRIPTOR = 24
#: Python's zipfile refuses members that need a later version than 6.3.
_ZIPFILE_VERSION = 63

_SPECIAL = (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
_LENIENT = frozenset({"lenient"})


class MemberBuilder:
    """Builds the members of one archive, in the order of their local headers."""

    def __init__(self, source: Source, budget: Budget, log: Log) -> None:
        self.members: list[Member] = []
        self.covered: list[tuple[int, int]] = []
        self.opener = Opener(source, budget)
        self.local = LocalReader(source)
        self._source = source
        self._size = source.size
        self._budget = budget
        self._log = log
        self._names = Names()
        self._links = Links()
        self._reached = 0
        self._reached_by = ""

    def build(self, readings: list[Reading], limit: int) -> None:
        """Build the members of `readings`, which are used up; their data should end at `limit`."""
        _keep_last_names(readings)
        readings.reverse()
        built = 0
        while readings:
            reading = readings.pop()
            if not len(readings) & 1023:
                self._budget.check_time()
            if not built % _ANNOUNCED:
                self._announce([reading, *readings[:-_ANNOUNCED:-1]])
            built += 1
            following = readings[-1].local if readings else limit
            if following <= reading.local:
                following = limit
            self._build_one(reading, following)

    def _announce(self, readings: list[Reading]) -> None:
        """Have the next local headers fetched at once where they lie far away."""
        places = [(one.local, HEADER_BLOCK) for one in readings if 0 <= one.local < self._size]
        announce(self._source, places)

    def _build_one(self, reading: Reading, following: int) -> None:
        entry = reading.entry
        name = name_text(entry.raw_name, entry.flags)
        header = self.local.header(reading.local)
        if header is None:
            self._no_local_header(reading, name)
            return
        self._compare(entry, header, name, reading)
        packed = Packed(header.data, entry.packed, entry.method, entry.flags, entry.size, entry.crc)
        self._note_overlap(reading.local, header.data + entry.packed, name)
        end = header.data + entry.packed
        end += self._descriptor(entry, header, following - end, name)
        self.cover(reading.local, end)
        self.add(name, packed, reading.views, entry, header.flags)
        if _differs(entry, header):
            other = Packed(
                header.data, header.packed, header.method, header.flags, header.size, header.crc
            )
            self.add(name_text(header.raw_name, header.flags), other, _LENIENT, None)

    def cover(self, start: int, end: int) -> None:
        """Note that a member takes up this range; ranges that touch become one."""
        if self.covered and self.covered[-1][1] == start:
            start = self.covered.pop()[0]
        self.covered.append((start, end))

    def _no_local_header(self, reading: Reading, name: str) -> None:
        entry, where = reading.entry, reading.local
        if where >= self._size:
            self._log.anomaly("zip-truncated", "lies behind the end of the file", name, where)
        self._log.gap("zip-no-local-header", "there is no local header where it says", name, where)
        views = reading.views & _LENIENT
        kind, mode = _kind(name, entry)
        self.members.append(
            Member(
                name,
                None,
                entry.size,
                max(0, where),
                entry.packed,
                entry.method == 0,
                kind,
                None,
                views,
                entry.crc,
                mode,
            )  # fmt: skip
        )

    def add(
        self,
        name: str,
        packed: Packed,
        views: frozenset[str],
        entry: CentralEntry | None,
        local_flags: int = 0,
    ) -> None:
        """Judge and append one member; `entry` is None for one known by its local header only."""
        self._judge_name(name)
        kind, mode = _kind(name, entry)
        flags = packed.flags | local_flags
        source = self._open(packed, name, flags)
        if packed.offset + packed.length > self._size:
            self._log.anomaly("zip-truncated", "the data is cut off", name, packed.offset)
            self._log.gap("zip-truncated", "the data is cut off", name, packed.offset)
        member = Member(
            name, source, packed.size, packed.offset, packed.length, packed.method == 0, kind, None,
            views, packed.crc, mode,
        )  # fmt: skip
        if kind == "symlink":
            member = self._symlink(member)
        elif kind == "special":
            self._log.anomaly("archive-special-file", "is a device or pipe", name, packed.offset)
            member = replace(member, kind="file")
        self.members.append(member)

    def _judge_name(self, name: str) -> None:
        for fault in (judge_name(name), self._names.add(name), self._links.crossed(name)):
            if fault is not None:
                self._log.anomaly(fault.code, fault.text, name)

    def _open(self, packed: Packed, name: str, flags: int) -> Source | None:
        try:
            if not flags & FLAGS_REFUSED:
                return self.opener.open(packed)
            source, plain = self.opener.open_flagged(packed)
        except ParseError as error:
            self._log.gap(error.code, error.text, name, packed.offset)
            return None
        if plain or packed.method == 0:
            self._log.anomaly(
                "zip-encryption-flag", "flagged as encrypted, but readable", name, packed.offset
            )
        if not plain:
            text = "may be encrypted" if source is not None else "is encrypted"
            self._log.gap("encrypted", text, name, packed.offset)
        return source

    def _symlink(self, member: Member) -> Member:
        """Judge a link by its target; what is no path is a file to whoever ignores the mode.

        Only programs such as unzip make links. Python's zipfile, with which models are read, and
        the reader of torch hand out the content of every member.
        """
        target = ""
        if member.source is not None:
            try:
                raw = member.source.read_at(0, min(_LINK_TARGET, member.size or 0))
                target = raw.decode("utf-8", "backslashreplace")
            except ParseError as error:
                self._log.stopped(error, member.name)
        if (member.size or 0) > _LINK_TARGET or not _PATH.fullmatch(target):
            member = replace(member, kind="file")
        fault = self._links.add(member.name, target)
        if fault is not None:
            self._log.anomaly(fault.code, fault.text, member.name, member.offset)
        else:
            self._log.anomaly(
                "zip-symlink", f"is a symbolic link to {target!r}", member.name, member.offset
            )
        return replace(member, link_target=target)

    def _note_overlap(self, start: int, end: int, name: str) -> None:
        if start < self._reached:
            self._log.anomaly(
                "zip-overlap", f"overlaps with {self._reached_by[:200]!r}", name, start
            )
        if end > self._reached:
            self._reached, self._reached_by = end, name

    def _compare(
        self, entry: CentralEntry, header: LocalHeader, name: str, reading: Reading
    ) -> None:
        """Note where local and central header contradict each other, and whom that stops."""
        where = reading.local
        if entry.broken64:
            self._log.anomaly("zip64-mismatch", "the zip64 field is missing", name, where)
            reading.drop("zipfile")
        if entry.flags & (FLAGS_REFUSED & ~0x2000) or entry.needed > _ZIPFILE_VERSION:
            reading.drop("zipfile")
        if header.raw_name != entry.raw_name:
            other = name_text(header.raw_name, header.flags)[:200]
            self._log.anomaly("zip-name-mismatch", f"its local header says {other!r}", name, where)
            reading.drop("zipfile")
        if header.method != entry.method:
            text = f"method {entry.method}, in its local header {header.method}"
            self._log.anomaly("zip-method-mismatch", text, name, where)
        if _sizes_differ(entry, header) or (entry.method == 0 and _stored_differs(entry)):
            text = (
                f"{entry.packed} bytes for {entry.size}, "
                f"in its local header {header.packed} for {header.size}"
            )
            self._log.anomaly("zip-size-mismatch", text, name, where)
        if header.crc and entry.crc and header.crc != entry.crc:
            self._log.anomaly("zip-crc-mismatch", "the two headers' CRCs differ", name, where)
        if entry.disk not in (0, 0xFFFF):
            self._log.anomaly("zip-multidisk", f"lies on disk {entry.disk}", name, where)

    def _descriptor(self, entry: CentralEntry, header: LocalHeader, room: int, name: str) -> int:
        """Return the length of the data descriptor; without its flag it must have a signature."""
        if room < 12:
            return 0
        end = header.data + entry.packed
        flagged = bool((entry.flags | header.flags) & 8)
        if not flagged and self.local.read(end, 4) != b"PK\x07\x08":
            return 0
        length, fits = self.local.descriptor(end, room, entry.packed, entry.size)
        if not fits and length:
            text = "its data descriptor names other sizes"
            self._log.anomaly("zip-size-mismatch", text, name, end)
        return length


def _keep_last_names(readings: list[Reading]) -> None:
    """Of equal names zipfile opens the one that comes last in the directory."""
    last: dict[bytes, Reading] = {}
    for reading in readings:
        if "zipfile" not in reading.views:
            continue
        earlier = last.setdefault(reading.entry.raw_name, reading)
        if earlier is reading:
            continue
        if earlier.entry.position < reading.entry.position:
            earlier.drop("zipfile")
            last[reading.entry.raw_name] = reading
        else:
            reading.drop("zipfile")


def _sizes_differ(entry: CentralEntry, header: LocalHeader) -> bool:
    """With a data descriptor the local header may say nothing, or all ones."""
    silent = (0, 0xFFFFFFFF) if header.flags & 8 else ()
    return any(
        ours != theirs and theirs not in silent
        for ours, theirs in ((entry.packed, header.packed), (entry.size, header.size))
    )


def _stored_differs(entry: CentralEntry) -> bool:
    """Stored data has one length, but for the twelve bytes that encryption puts in front."""
    return entry.packed != entry.size + (12 if entry.flags & 1 and entry.packed > 11 else 0) and (
        entry.packed != entry.size
    )


def _differs(entry: CentralEntry, header: LocalHeader) -> bool:
    """Tell whether a reader that goes by the local header decodes something else."""
    if header.method != entry.method:
        return header.packed not in (0, 0xFFFFFFFF)
    return header.packed != entry.packed and (
        header.packed not in (0, 0xFFFFFFFF) or not header.flags & 8
    )


def _kind(name: str, entry: CentralEntry | None) -> tuple[Kind, int | None]:
    if entry is None:
        return ("directory" if name.endswith("/") else "file"), None
    mode = entry.external >> 16
    if mode:
        form = stat.S_IFMT(mode)
        if form == stat.S_IFLNK:
            return "symlink", mode
        if form in _SPECIAL:
            return "special", mode
    kind: Kind = "directory" if name.endswith("/") else "file"
    return kind, mode or None
