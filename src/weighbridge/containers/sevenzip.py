"""Opens 7z archives (7zFormat.txt of the LZMA SDK).

The layout is described in :mod:`weighbridge.containers.sevenzip_headers`: a fixed start, packed
streams, and the header at the end, which is usually packed itself. A folder is one packed stream
that holds many files; a member is a slice of it.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

from weighbridge.budget import Budget
from weighbridge.containers.base import Archive, Kind, Log, Member, complement
from weighbridge.containers.paths import Links, Names, judge_name
from weighbridge.containers.sevenzip_folders import FolderOpener
from weighbridge.containers.sevenzip_headers import (
    ADDITIONAL,
    ARCHIVE_PROPERTIES,
    ENCODED_HEADER,
    END,
    FILES,
    HEADER,
    MAIN,
    Cursor,
    Entry,
    Folder,
    Streams,
    read_files,
    read_streams,
)
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource, SliceSource

SIGNATURE = b"7z\xbc\xaf\x27\x1c"

_START = struct.Struct("<6sHLQQL")
_HEADER_LIMIT = 16 << 20
_ENCODED_LEVELS = 4
_LINK_TARGET = 4096
_VIEWS = frozenset({"7z"})


def open_sevenzip(source: Source, budget: Budget) -> Archive:
    """Read the structure of a 7z archive.

    Raises:
        MalformedInput: the header is missing or damaged.
        Unsupported: the header itself is encrypted, or packed in a way that cannot be read.
        LimitExceeded: the header is too large.
    """
    return _Reader(source, budget).read()


class _Reader:
    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._log = Log()
        self._opener = FolderOpener(source, budget)
        self._covered: list[tuple[int, int]] = [(0, _START.size)]
        self._members: list[Member] = []
        self._names = Names()
        self._links = Links()

    def read(self) -> Archive:
        header, end = self._header()
        try:
            streams, entries = self._database(header)
            self._cover(streams)
            self._build(streams, entries)
        except ParseError as error:
            if not self._members:
                raise
            self._log.stopped(error)
        uncovered = complement(self._covered, self._source.size)
        for start, size in uncovered:
            if start >= end:
                text = f"{size} bytes stand behind the archive"
                self._log.anomaly("7z-appended", text, offset=start)
        return Archive(
            tuple(self._members), self._log.anomalies(), self._log.gaps(), uncovered, end
        )

    def _header(self) -> tuple[bytes, int]:
        """Return the header, decoded, and where the archive ends."""
        raw = self._source.read_at(0, _START.size)
        if len(raw) < _START.size or raw[:6] != SIGNATURE:
            raise MalformedInput("no-7z", "there is no 7z signature", 0)
        _, _, start_crc, offset, size, crc = _START.unpack(raw)
        if zlib.crc32(raw[12:]) != start_crc:
            self._log.anomaly("7z-crc-mismatch", "the start header's CRC is wrong", offset=8)
        end = _START.size + offset + size
        if end > self._source.size:
            raise MalformedInput("7z-truncated", "the header lies behind the end of the file", 12)
        self._covered.append((end - size, end))
        header = self._bounded(SliceSource(self._source, end - size, size), crc)
        for _ in range(_ENCODED_LEVELS):
            if header[:1] != bytes([ENCODED_HEADER]):
                return header, end
            header = self._decode_header(header)
        raise MalformedInput("7z-header", "the header is packed too many times")

    def _bounded(self, source: Source, crc: int | None) -> bytes:
        if source.size > _HEADER_LIMIT:
            raise LimitExceeded("limit-directory", "the header is over 16 MiB long")
        data = source.read_at(0, source.size)
        if crc is not None and zlib.crc32(data) != crc:
            self._log.anomaly("7z-crc-mismatch", "the header's CRC is wrong")
        return data

    def _decode_header(self, header: bytes) -> bytes:
        streams = read_streams(self._cursor(header[1:]))
        if not streams.folders:
            raise MalformedInput("7z-header", "the packed header has no folder")
        self._cover(streams)
        folder = streams.folders[0]
        source, _, _ = self._opener.open(folder, streams, 0)
        return self._bounded(source, folder.crc)

    def _cursor(self, header: bytes) -> Cursor:
        return Cursor(header, self._budget.limits.members)

    def _cover(self, streams: Streams) -> None:
        if streams.starts:
            self._covered.append((streams.starts[0], streams.starts[-1]))

    def _database(self, header: bytes) -> tuple[Streams, list[Entry]]:
        streams, entries = Streams(), list[Entry]()
        if not header:
            return streams, entries
        cursor = self._cursor(header)
        if cursor.byte() != HEADER:
            raise MalformedInput("7z-header", "the header has an unknown form")
        while cursor.at < len(header) and (kind := cursor.byte()) != END:
            if kind == ARCHIVE_PROPERTIES:
                while cursor.byte() != END:
                    cursor.take(cursor.number())
            elif kind == ADDITIONAL:
                read_streams(cursor)
            elif kind == MAIN:
                streams = read_streams(cursor)
            elif kind == FILES:
                entries = read_files(cursor)
            else:
                raise MalformedInput("7z-header", f"property {kind} in the header", cursor.at)
        return streams, entries

    def _build(self, streams: Streams, entries: list[Entry]) -> None:
        """Give each file that has data the next slice of the next folder."""
        files = iter(entries)
        first = 0
        for number, folder in enumerate(streams.folders):
            self._budget.check_time()
            opened = self._open_folder(folder, streams, first)
            first += len(folder.packed)
            start = 0
            for size, crc in folder.streams:
                entry = self._next_with_data(files) or Entry(f"stream-{number}-{start}")
                self._add(entry, opened, (start, size), crc)
                start += size
        while (left := self._next_with_data(files)) is not None:
            self._log.anomaly("7z-no-data", "has no data in any folder", left.name)
            self._add(left, None, (0, 0), None)

    def _open_folder(
        self, folder: Folder, streams: Streams, first: int
    ) -> tuple[Source, int, int] | None:
        try:
            source, start, length = self._opener.open(folder, streams, first)
        except ParseError as error:
            self._log.stopped(error)
            return None
        if start + length > self._source.size:
            self._log.gap("7z-truncated", "a packed stream is cut off", None, start)
        return source, start, length

    def _next_with_data(self, files: Iterator[Entry]) -> Entry | None:
        """Add the empty entries that come next; return the one behind them."""
        for entry in files:
            if entry.has_stream:
                return entry
            self._add(entry, (BytesSource(b""), 0, 0), (0, 0), None)
        return None

    def _add(
        self,
        entry: Entry,
        opened: tuple[Source, int, int] | None,
        part: tuple[int, int],
        crc: int | None,
    ) -> None:
        self._budget.take_member()
        kind, mode = _kind(entry)
        source: Source | None = None
        offset = packed = 0
        stored = False
        if opened is not None:
            whole, offset, packed = opened
            stored = isinstance(whole, SliceSource)
            offset += part[0] if stored else 0
            source = SliceSource(whole, *part)
        elif entry.has_stream:
            self._log.gap("7z-unreadable", "its folder cannot be read", entry.name)
        member = Member(
            entry.name, source, part[1], offset, part[1] if stored else packed, stored, kind, None,
            _VIEWS, crc, mode,
        )  # fmt: skip
        if kind == "symlink":
            member = self._symlink(member)
        self._judge(member)
        self._members.append(member)

    def _judge(self, member: Member) -> None:
        faults = [judge_name(member.name), self._links.crossed(member.name)]
        faults.append(self._names.add(member.name))
        if member.link_target is not None:
            faults.append(self._links.add(member.name, member.link_target))
        for fault in faults:
            if fault is not None:
                self._log.anomaly(fault.code, fault.text, member.name)
        if member.kind == "special":
            self._log.anomaly("archive-special-file", "is a device or pipe", member.name)

    def _symlink(self, member: Member) -> Member:
        try:
            raw = member.source.read_at(0, _LINK_TARGET) if member.source else b""
        except ParseError as error:
            self._log.stopped(error, member.name)
            raw = b""
        return replace(member, link_target=raw.decode("utf-8", "backslashreplace"))


def _kind(entry: Entry) -> tuple[Kind, int | None]:
    attributes = entry.attributes or 0
    mode = attributes >> 16 if attributes & 0x8000 else None
    form = stat.S_IFMT(mode) if mode else 0
    if form == stat.S_IFLNK or attributes & 0x400:
        return "symlink", mode
    if form in (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK):
        return "special", mode
    if attributes & 0x10 or not entry.is_file:
        return "directory", mode
    return "file", mode
