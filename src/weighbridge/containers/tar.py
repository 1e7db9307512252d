"""Opens tar archives: version 7, ustar, GNU and PAX, sparse files included.

Layout: headers of 512 bytes (see :mod:`weighbridge.containers.tar_headers`), each followed by its
data, padded to 512; GNU "L" and "K" and PAX "x" and "g" headers speak about the header that
follows; two zero blocks end it. Python's tarfile stops at the first zero block or bad checksum.
Others scan on, so what follows is searched for valid headers too.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from weighbridge.budget import Budget
from weighbridge.containers.base import Archive, Kind, Log, Member
from weighbridge.containers.blocks import BlockReader
from weighbridge.containers.paths import Links, Names, judge_name
from weighbridge.containers.tar_headers import (
    BLOCK,
    SparseMap,
    TarHeader,
    decimal,
    looks_like_tar,
    number,
    old_sparse_pairs,
    parse_header,
    pax_records,
    sparse_map,
)
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

__all__ = ["SparseSource", "looks_like_tar", "open_tar"]

_EXTENSION_LIMIT = 1 << 20
_SPARSE_PAIRS = 100_000
_SEARCHED = 256 << 20
_SEARCH_STEP = 1 << 20
_OCTAL_LIMIT = 8 << 30
_BOTH = frozenset({"tarfile", "lenient"})
_LENIENT = frozenset({"lenient"})
_KINDS: dict[bytes, Kind] = {
    b"1": "hardlink", b"2": "symlink", b"3": "special", b"4": "special", b"5": "directory",
    b"6": "special",
}  # fmt: skip


class SparseSource:
    """A sparse file: segments of `parent` one after another, with zeros between."""

    def __init__(self, parent: Source, layout: SparseMap) -> None:
        self._parent = parent
        self._segments = layout.segments
        self._starts = [offset for offset, _ in layout.segments]
        self._packed = [0]
        for _, length in layout.segments:
            self._packed.append(self._packed[-1] + length)
        self._size = layout.size

    @property
    def size(self) -> int:
        """Length of the expanded file."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        end = min(offset + count, self._size)
        parts = []
        index = max(0, bisect_right(self._starts, offset) - 1)
        while offset < end:
            if index >= len(self._segments):
                parts.append(bytes(end - offset))
                break
            start, length = self._segments[index]
            if offset < start:
                parts.append(bytes(min(start, end) - offset))
                offset = min(start, end)
            inside = offset - start
            if offset < end and inside < length:
                take = min(length - inside, end - offset)
                data = self._parent.read_at(self._packed[index] + inside, take)
                parts.append(data + bytes(take - len(data)))
                offset += take
            index += 1
        return b"".join(parts)


@dataclass(slots=True)
class _Pending:
    """What extension headers said about the next member."""

    name: bytes | None = None
    link: bytes | None = None
    records: list[tuple[str, bytes]] = field(default_factory=list)


def open_tar(source: Source, budget: Budget) -> Archive:
    """Read the structure of a tar archive.

    Raises:
        MalformedInput: it does not begin with a header.
    """
    return _TarReader(source, budget).read()


class _TarReader:
    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._blocks = BlockReader(source)
        self._log = Log()
        self._members: list[Member] = []
        self._uncovered: list[tuple[int, int]] = []
        self._globals: dict[str, bytes] = {}
        self._pending = _Pending()
        self._names = Names()
        self._links = Links()
        self._views = _BOTH
        self._at = 0

    def read(self) -> Archive:
        if parse_header(self._source.read_at(0, BLOCK)) is None:
            raise MalformedInput("no-tar", "there is no tar header at the start", 0)
        end = 0
        try:
            self._walk()
            end = self._skip_end_blocks()
            self._search(end)
        except ParseError as error:
            self._log.stopped(error)
            if self._at < self._source.size:
                self._uncovered.append((self._at, self._source.size - self._at))
        return Archive(
            tuple(self._members),
            self._log.anomalies(),
            self._log.gaps(),
            tuple(self._uncovered),
            min(end or self._at, self._source.size),
        )

    def _walk(self) -> None:
        """Follow the headers from where we stand for as long as they are valid."""
        while True:
            block = self._blocks.read(self._at, BLOCK)
            header = parse_header(block)
            if header is None:
                return
            if header.size < 0 and not self._is_sized(header):
                self._log.anomaly("tar-negative-size", "a size is negative", None, self._at)
                return
            self._budget.take_member()
            if not len(self._members) & 255:
                self._budget.check_time()
            before = self._at
            self._take(header)
            if self._at <= before:
                return

    def _is_sized(self, header: TarHeader) -> bool:
        """Tell whether a PAX header gives the size that the header itself does not."""
        keys = {key for key, _ in self._pending.records} | set(self._globals)
        return header.kind not in b"LKxXg" and "size" in keys

    def _skip_end_blocks(self) -> int:
        """Step over the end mark; note when there is none."""
        at = self._at
        block = self._source.read_at(at, 2 * BLOCK)
        rest = block.lstrip(b"\0")
        if not block:
            self._log.anomaly("tar-truncated", "there is no end mark", offset=at)
        elif len(block) - len(rest) < BLOCK and len(block) >= BLOCK:
            self._log.anomaly("tar-bad-header", "a header's checksum is wrong", offset=at)
        elif rest and len(block) < BLOCK:
            self._log.anomaly("tar-truncated", "the last header is cut off", offset=at)
        return at + (len(block) - len(rest)) // BLOCK * BLOCK

    def _search(self, at: int) -> None:
        """Look for further headers as lenient tools do; what is neither that nor zero is left."""
        left = _SEARCHED
        start: int | None = None
        size = self._source.size
        while at < size:
            self._budget.check_time()
            chunk = self._source.read_at(at, _SEARCH_STEP)
            left -= len(chunk)
            index = self._next_header(chunk)
            junk = chunk if index is None else chunk[:index]
            text = junk.lstrip(b"\0")
            if text and start is None:
                start = at + len(junk) - len(text)
            if index is None:
                at += len(chunk) or 1
            else:
                if start is not None:
                    self._uncovered.append((start, at + index - start))
                    start = None
                at = self._hidden(at + index)
            if left < 0:
                start = at if start is None else start
                break
        if start is not None:
            self._uncovered.append((start, size - start))
        if left < 0:
            raise LimitExceeded("limit-search", "too much follows the end mark", at)

    def _next_header(self, chunk: bytes) -> int | None:
        for index in range(0, len(chunk) - BLOCK + 1, BLOCK):
            if chunk[index] and looks_like_tar(chunk[index : index + BLOCK]):
                return index
        return None

    def _hidden(self, at: int) -> int:
        """Read the members from a header behind the end; return where they stop."""
        self._at, self._views, self._pending = at, _LENIENT, _Pending()
        count = len(self._members)
        self._walk()
        for member in self._members[count:]:
            text = "stands where Python's tarfile has stopped reading"
            self._log.anomaly("tar-hidden-member", text, member.name, member.offset)
        return max(self._at, at + BLOCK)

    def _take(self, header: TarHeader) -> None:
        """Take in one header, and its data; moves on to the next one."""
        data = self._at + BLOCK
        if header.kind in (b"L", b"K", b"x", b"X", b"g"):
            self._extension(header, data)
            self._at = data + _padded(header.size)
            return
        pending, self._pending = self._pending, _Pending()
        records = dict(self._globals)
        records.update(pending.records)
        name = _first(records.get("GNU.sparse.name"), records.get("path"), pending.name)
        text = _text(header.name if name is None else name)
        link = _first(records.get("linkpath"), pending.link)
        kind = _KINDS.get(header.kind, "file")
        if kind == "file" and header.kind in b"\0" and text.endswith("/"):
            kind = "directory"
        size = self._packed_size(header, records, text)
        if kind != "file" and size:
            self._log.anomaly(
                "tar-size-mismatch", f"a {kind} with {size} bytes of data", text, self._at
            )
        used = size if kind == "file" else 0
        layout: SparseMap | None = None
        if kind == "file":
            data, used, layout = self._sparse(header, pending, records, data, size)
        target = _text(header.link if link is None else link) if "link" in kind else None
        self._add(Member(
            text, self._open(data, used, layout, text), layout.size if layout else used, data, used,
            layout is None, kind, target, self._views, None, header.mode,
        ))  # fmt: skip
        self._at = data + _padded(used)

    def _extension(self, header: TarHeader, data: int) -> None:
        if header.size > _EXTENSION_LIMIT:
            self._log.gap("limit-extension", "an extension header is over 1 MiB", None, self._at)
            return
        body = self._source.read_at(data, header.size)
        if len(body) < header.size:
            self._log.gap("tar-truncated", "an extension header is cut off", None, self._at)
        if header.kind in b"LK":
            value = body.split(b"\0")[0]
            if header.kind == b"L":
                self._pending.name = value
            else:
                self._pending.link = value
            return
        records, whole = pax_records(body)
        if not whole:
            self._log.anomaly("tar-bad-pax", "a PAX header is malformed", None, self._at)
        if header.kind == b"g":
            self._globals.update(records)
        else:
            self._pending.records += records

    def _packed_size(self, header: TarHeader, records: dict[str, bytes], name: str) -> int:
        if "size" not in records:
            return header.size
        size = decimal(records["size"])
        if size is None:
            self._log.anomaly("tar-bad-pax", "a PAX size is no number", name, self._at)
            return max(0, header.size)
        if size != header.size and size < _OCTAL_LIMIT and "GNU.sparse.major" not in records:
            text = f"the PAX header says {size} bytes, the header itself {header.size}"
            self._log.anomaly("tar-size-mismatch", text, name, self._at)
        return size

    def _open(self, data: int, size: int, layout: SparseMap | None, name: str) -> Source:
        if data + size > self._source.size:
            self._log.anomaly("tar-truncated", "the data is cut off", name, data)
            self._log.gap("tar-truncated", "the data is cut off", name, data)
        # tarfile follows a map even to behind the member's own data.
        part = SliceSource(self._source, data, max(size, layout.packed) if layout else size)
        return part if layout is None else SparseSource(part, layout)

    def _sparse(
        self,
        header: TarHeader,
        pending: _Pending,
        records: dict[str, bytes],
        data: int,
        size: int,
    ) -> tuple[int, int, SparseMap | None]:
        """Return where the packed data is, its length, and the map if the file is sparse."""
        real = decimal(_first(records.get("GNU.sparse.realsize"), records.get("GNU.sparse.size")))
        if header.kind == b"S":
            pairs, data = self._old_pairs(header, data)
            real = _real_size(header)
        elif records.get("GNU.sparse.major") == b"1":
            pairs, used = self._pairs_in_data(data, size)
            data, size = data + used, size - used
        elif "GNU.sparse.map" in records:
            pairs = _pairs(records["GNU.sparse.map"].split(b",")[: 2 * _SPARSE_PAIRS])
        elif "GNU.sparse.numblocks" in records:
            keys = ("GNU.sparse.offset", "GNU.sparse.numbytes")
            pairs = _pairs([value for key, value in pending.records if key in keys])
        elif real is not None:
            pairs = [(0, real)]
        else:
            return data, size, None
        real = size if real is None or real < 0 else real
        layout = sparse_map(pairs, real)
        if layout is None or layout.packed > size or any(sum(one) > real for one in pairs):
            self._log.anomaly("tar-bad-sparse", "the map of a sparse file is wrong", None, self._at)
        return data, size, layout

    def _old_pairs(self, header: TarHeader, data: int) -> tuple[list[tuple[int, int]], int]:
        pairs, more = old_sparse_pairs(header.block, first=True)
        while more and len(pairs) < _SPARSE_PAIRS:
            block = self._blocks.read(data, BLOCK)
            if len(block) < BLOCK:
                break
            data += BLOCK
            found, more = old_sparse_pairs(block, first=False)
            pairs += found
            self._budget.check_time()
        return pairs, data

    def _pairs_in_data(self, data: int, size: int) -> tuple[list[tuple[int, int]], int]:
        """Read the decimal lines that PAX sparse 1.0 puts in front of the data."""
        text = self._source.read_at(data, min(size, _EXTENSION_LIMIT))
        count = decimal(text[:32].split(b"\n")[0])
        if count is None or count > _SPARSE_PAIRS:
            return [(1, -1)], 0
        lines = text.split(b"\n", 2 * count + 1)
        if len(lines) < 2 * count + 2:
            return [(1, -1)], 0
        used = sum(len(line) + 1 for line in lines[:-1])
        return _pairs(lines[1:-1]), min(_padded(used), size)

    def _add(self, member: Member) -> None:
        """Judge and append one member."""
        name, where = member.name, member.offset
        faults = [judge_name(name), self._links.crossed(name)]
        if member.kind != "directory":
            faults.append(self._names.add(name))
        if member.link_target is not None:
            hard = member.kind == "hardlink"
            faults.append(self._links.add(name, member.link_target, hard=hard))
        for fault in faults:
            if fault is not None:
                self._log.anomaly(fault.code, fault.text, name, where)
        if member.kind == "special":
            self._log.anomaly("archive-special-file", "is a device or pipe", name, where)
        self._members.append(member)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _first(*values: bytes | None) -> bytes | None:
    return next((value for value in values if value is not None), None)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _real_size(header: TarHeader) -> int | None:
    return number(header.block[483:495])


def _pairs(values: list[bytes]) -> list[tuple[int, int]]:
    """Pair up decimal numbers; a wrong one gives a pair that no check lets pass."""
    numbers = [decimal(value) for value in values]
    if None in numbers:
        return [(1, -1)]
    flat = [value or 0 for value in numbers]
    return list(zip(flat[::2], flat[1::2], strict=False))
