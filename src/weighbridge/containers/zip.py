"""Opens zip archives as all of their readers would (APPNOTE.TXT 6.3.10).

The layout is described in :mod:`weighbridge.containers.zip_records`. What is in no directory, no
member and no end record is left over: it is searched for local headers, which lenient tools follow,
and reported as uncovered. Nothing here copies or decodes a stored member.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.containers.base import Archive, Log, complement
from weighbridge.containers.zip_directories import Directories, DirectoryFinder
from weighbridge.containers.zip_members import MemberBuilder
from weighbridge.containers.zip_records import LOCAL_MAGIC, LocalHeader, name_text
from weighbridge.containers.zip_streams import Packed
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.sources.base import Source

#: Bytes outside of all members that are searched for local headers.
_SEARCHED = 256 << 20
_BLOCK = 1 << 20
_INSIDE_COMMENT = re.compile(rb"PK(?:\x03\x04|\x01\x02|\x05\x06)|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07")
_NEXT_RECORD = re.compile(rb"PK(?:\x07\x08|\x03\x04|\x01\x02|\x05\x06|\x06\x06)")
_LENIENT = frozenset({"lenient"})


def open_zip(source: Source, budget: Budget) -> Archive:
    """Read the structure of a zip archive.

    Raises:
        MalformedInput: neither an end record nor a local header at the start was found.
    """
    log = Log()
    found = DirectoryFinder(source, budget, log).find()
    if found.chosen is None and source.read_at(0, 4) != LOCAL_MAGIC and not found.ends:
        raise MalformedInput("no-zip", "there is neither an end record nor a local header")
    builder = MemberBuilder(source, budget, log)
    hidden = _Hidden(source, budget, log, builder, found.chosen is not None)
    try:
        builder.build(found.readings, _first_directory(found, source.size))
        hidden.search(complement(found.covered + builder.covered, source.size))
    except ParseError as error:
        log.stopped(error)
    covered = found.covered + builder.covered
    uncovered = complement(covered, source.size)
    _judge_layout(found, builder, uncovered, log)
    end = found.chosen.end if found.chosen else max((end for _, end in covered), default=0)
    if source.size < end:
        log.anomaly("zip-truncated", "the archive comment is cut off", offset=source.size)
    return Archive(
        tuple(builder.members), log.anomalies(), log.gaps(), uncovered, min(end, source.size)
    )


def _first_directory(found: Directories, size: int) -> int:
    """Where the last member's data has to end."""
    if found.chosen is None:
        return size
    starts = [start for start, end in found.covered if end > start]
    after = found.readings[-1].local if found.readings else 0
    return min((start for start in starts if start > after), default=size)


def _judge_layout(
    found: Directories,
    builder: MemberBuilder,
    uncovered: tuple[tuple[int, int], ...],
    log: Log,
) -> None:
    """Note what stands around the archive, and other end records than the one in use."""
    chosen = found.chosen
    if chosen is None:
        log.anomaly("zip-truncated", "there is no usable end record")
        return
    first = min((start for start, _ in builder.covered), default=0)
    for start, size in uncovered:
        if start == 0 and size <= first:
            log.anomaly("zip-prepended", f"{size} bytes stand before the archive", offset=0)
        elif start >= chosen.end:
            log.anomaly("zip-appended", f"{size} bytes stand behind the archive", offset=start)
    if found.shift and not any(start == 0 for start, _ in uncovered):
        log.anomaly("zip-prepended", f"all offsets are off by {found.shift}", offset=0)
    for end in found.ends:
        if end is not chosen and not _within(end.position, builder.covered):
            log.anomaly("zip-multiple-eocd", "there is another end record", offset=end.position)
        if _INSIDE_COMMENT.search(end.comment) and not _within(end.position, builder.covered):
            log.anomaly(
                "zip-comment-archive", "the comment holds another archive", offset=end.position
            )


def _within(position: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= position < end for start, end in ranges)


class _Hidden:
    """Finds local headers that no directory names, as tools that read forward do."""

    def __init__(
        self, source: Source, budget: Budget, log: Log, builder: MemberBuilder, directory: bool
    ) -> None:
        self._source = source
        self._budget = budget
        self._log = log
        self._builder = builder
        self._directory = directory
        self._left = _SEARCHED
        self._cached = (0, b"")

    def search(self, holes: tuple[tuple[int, int], ...]) -> None:
        """Add the members found in `holes`; raises LimitExceeded when there is too much of it."""
        for start, size in holes:
            at: int | None = start
            while at is not None:
                at = self._find(at, start + size)
                if at is not None:
                    at = self._take(at, start + size)

    def _find(self, at: int, end: int) -> int | None:
        """Return the position of the next local header's magic."""
        while at < end:
            start, block = self._block_at(at)
            index = block.find(LOCAL_MAGIC, at - start, end - start)
            if index >= 0:
                return start + index
            reached = start + len(block)
            if reached >= end or reached <= at:
                return None
            at = max(at + 1, reached - 3)
        return None

    def _block_at(self, at: int) -> tuple[int, bytes]:
        """Return a block that holds the bytes at `at`, and where it begins."""
        start, block = self._cached
        if not start <= at < start + len(block) - 3:
            self._budget.check_time()
            self._left -= _BLOCK
            if self._left < 0:
                raise LimitExceeded(
                    "limit-search", "too many bytes belong to no member to search them all", at
                )
            start, block = self._cached = (at, self._source.read_at(at, _BLOCK))
        return start, block

    def _take(self, at: int, end: int) -> int:
        """Add the member whose local header is at `at`; return where to go on."""
        header = self._builder.local.header(at)
        if header is None or not header.raw_name or header.data > end:
            return at + 4
        if header.needed & 0xFF > 100 or header.method > 99:
            return at + 4
        self._budget.take_member()
        name = name_text(header.raw_name, header.flags)
        length, after = self._extent(header, end, name)
        if self._directory:
            text = "a local header that no directory names"
            self._log.anomaly("zip-hidden-member", text, name, at)
        known = not header.flags & 8 or header.packed
        packed = Packed(
            header.data, length, header.method, header.flags, header.size if known else None,
            header.crc,
        )  # fmt: skip
        self._builder.add(name, packed, _LENIENT, None)
        self._builder.cover(at, min(after, end))
        return max(at + 4, min(after, end))

    def _extent(self, header: LocalHeader, end: int, name: str) -> tuple[int, int]:
        """Return the length of the data and where its descriptor ends."""
        if not header.flags & 8 or header.packed not in (0, 0xFFFFFFFF):
            length, size = header.packed, header.size
        elif header.method == 0:
            length = size = self._until_record(header.data, end) - header.data
        else:
            length, size = self._inflated(header, end, name)
        after = header.data + length
        if header.flags & 8:
            after += self._builder.local.descriptor(after, max(0, end - after), length, size)[0]
        return length, after

    def _until_record(self, at: int, end: int) -> int:
        while at < end:
            self._budget.check_time()
            block = self._source.read_at(at, min(_BLOCK, end - at))
            match = _NEXT_RECORD.search(block)
            if match:
                return at + match.start()
            at += max(1, len(block) - 3) if at + len(block) < end else len(block) or 1
        return end

    def _inflated(self, header: LocalHeader, end: int, name: str) -> tuple[int, int]:
        """Decode data of unknown length, which ends itself."""
        whole = Packed(header.data, end - header.data, header.method, 0, None, 0)
        try:
            stream = self._builder.opener.inflate(whole)
            stream.exhaust()
        except ParseError as error:
            self._log.stopped(error, name)
            return end - header.data, 0
        length, size = stream.consumed, stream.size
        stream.release()
        return length, size
