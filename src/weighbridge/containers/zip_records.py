"""Reads the records of a zip archive; judges nothing.

Layout (APPNOTE.TXT 6.3.10)::

    local header (4.3.7), name, extra, data, [data descriptor (4.3.9)]    for each member
    central header (4.3.12), name, extra, comment                         for each member
    [zip64 end record (4.3.14), zip64 end locator (4.3.15)]
    end record (4.3.16), archive comment

All numbers are little-endian. The end record is found by searching backwards, so there may be more
than one, and readers differ in how they get from it to the central directory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from weighbridge.budget import Budget
from weighbridge.containers.blocks import BlockReader
from weighbridge.errors import MalformedInput
from weighbridge.sources.base import Source

LOCAL_MAGIC = b"PK\x03\x04"
CENTRAL_MAGIC = b"PK\x01\x02"
END_MAGIC = b"PK\x05\x06"
_DESCRIPTOR_MAGIC = b"PK\x07\x08"
_END64_MAGIC = b"PK\x06\x06"
_LOCATOR_MAGIC = b"PK\x06\x07"

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4sBBHHHLLLLHHHHHLL")
_LOCAL = struct.Struct("<4s5H3L2H")

TAIL_BYTES = (1 << 16) + _END.size
_END_RECORDS = 64
DIRECTORY_LIMIT = 64 << 20
_MAX32 = 0xFFFFFFFF


class EndRecord(NamedTuple):
    """One end record; `offset` and `size` tell where it claims the directory is."""

    position: int
    disk: int
    directory_disk: int
    entries_here: int
    entries: int
    size: int
    offset: int
    comment: bytes

    @property
    def end(self) -> int:
        """Where the record ends, its comment included."""
        return self.position + _END.size + len(self.comment)


class End64(NamedTuple):
    """One zip64 end record."""

    position: int
    entries: int
    size: int
    offset: int
    length: int
    disks: int


class Directory(NamedTuple):
    """Where one reader takes the central directory to be.

    Attributes:
        start: position of the first central header.
        limit: position that no central header may reach behind.
        shift: what has to be added to the offsets in it.
        size: its length in bytes, as declared.
        entries: their number, as declared.
    """

    start: int
    limit: int
    shift: int
    size: int
    entries: int


class CentralEntry(NamedTuple):
    """One central header, zip64 values filled in."""

    position: int
    end: int
    raw_name: bytes
    system: int
    needed: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    disk: int
    external: int
    local: int
    broken64: bool


class LocalHeader(NamedTuple):
    """One local header, zip64 values filled in; `data` is where its data begins."""

    needed: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    raw_name: bytes
    data: int


def find_ends(source: Source) -> list[EndRecord]:
    """Return the end records in the last 64 KiB, in the order of the file."""
    base = max(0, source.size - TAIL_BYTES)
    tail = source.read_at(base, TAIL_BYTES)
    found: list[EndRecord] = []
    at = tail.rfind(END_MAGIC)
    while at >= 0 and len(found) < _END_RECORDS:
        if at + _END.size <= len(tail):
            _, disk, first, here, entries, size, offset, length = _END.unpack_from(tail, at)
            comment = tail[at + _END.size : at + _END.size + length]
            found.append(EndRecord(base + at, disk, first, here, entries, size, offset, comment))
        at = tail.rfind(END_MAGIC, 0, at + 3) if at else -1
    return found[::-1]


def find_end64(source: Source, end: EndRecord) -> list[End64]:
    """Return the zip64 end records: the one right before the locator, then the one it names."""
    where = end.position - _LOCATOR.size
    raw = source.read_at(where, _LOCATOR.size) if where >= 0 else b""
    if len(raw) < _LOCATOR.size or raw[:4] != _LOCATOR_MAGIC:
        return []
    _, _, named, disks = _LOCATOR.unpack(raw)
    found = []
    for position in (where - _END64.size, named):
        record = _read_end64(source, position, disks) if position >= 0 else None
        if record is not None and record not in found:
            found.append(record)
    return found


def _read_end64(source: Source, position: int, disks: int) -> End64 | None:
    raw = source.read_at(position, _END64.size)
    if len(raw) < _END64.size or raw[:4] != _END64_MAGIC:
        return None
    _, length, _, _, _, _, _, entries, size, offset = _END64.unpack(raw)
    return End64(position, entries, size, offset, min(length + 12, 1 << 20), disks)


def has_directory(source: Source, directory: Directory) -> bool:
    """Tell whether a central header stands where the directory is said to begin."""
    if directory.start < 0:
        return False
    if directory.entries == 0 and directory.size == 0:
        return directory.start == directory.limit
    return source.read_at(directory.start, 4) == CENTRAL_MAGIC


def read_directory(source: Source, directory: Directory, budget: Budget) -> Iterator[CentralEntry]:
    """Yield the central headers one after another for as long as there are any.

    Raises:
        LimitExceeded: too many entries, or no time left.
        MalformedInput: a header is cut, or the directory is larger than what is read of it.
    """
    length = min(directory.limit - directory.start, DIRECTORY_LIMIT)
    buffer = source.read_at(directory.start, length)
    at, count = 0, 0
    while buffer[at : at + 4] == CENTRAL_MAGIC:
        if at + _CENTRAL.size > len(buffer):
            raise MalformedInput("zip-truncated", "a central header is cut", directory.start + at)
        fields = _CENTRAL.unpack_from(buffer, at)
        name_end = at + _CENTRAL.size + fields[10]
        extra_end = name_end + fields[11]
        # zipfile takes what is left of the variable fields, so a cut last entry counts.
        end = min(extra_end + fields[12], len(buffer))
        budget.take_member()
        count += 1
        if not count & 1023:
            budget.check_time()
        yield _entry((directory.start + at, directory.start + end), fields, buffer, name_end)
        if extra_end + fields[12] > len(buffer):
            raise MalformedInput("zip-truncated", "a central header is cut", directory.start + at)
        at = end
    if length == DIRECTORY_LIMIT < directory.limit - directory.start:
        raise MalformedInput("limit-directory", "the directory is over 64 MiB long")


def _entry(
    where: tuple[int, int], fields: tuple[int, ...], buffer: bytes, name_end: int
) -> CentralEntry:
    (_, _, system, needed, flags, method, _, crc, packed, size) = fields[:10]
    disk, external, local = fields[13], fields[15], fields[16]
    broken = False
    if size == _MAX32 or packed == _MAX32 or local == _MAX32:
        extra = _zip64_extra(buffer, name_end, name_end + fields[11])
        size, packed, local, broken = _widen(extra, size, packed, local)
    name = buffer[name_end - fields[10] : name_end]  # short if it is cut
    return CentralEntry(
        *where, name, system, needed, flags, method, crc, packed, size, disk, external, local,
        broken,
    )  # fmt: skip


def _zip64_extra(buffer: bytes, at: int, end: int) -> bytes:
    """Return the body of the zip64 extra field (4.5.3), empty if there is none."""
    end = min(end, len(buffer))
    while at + 4 <= end:
        kind, length = struct.unpack_from("<HH", buffer, at)
        if kind == 1:
            return buffer[at + 4 : min(at + 4 + length, end)]
        at += 4 + length
    return b""


def _widen(extra: bytes, size: int, packed: int, local: int) -> tuple[int, int, int, bool]:
    """Replace all-ones fields by the zip64 values, which stand in this order, if at all."""
    values = [size, packed, local]
    at, broken = 0, False
    for index, value in enumerate(values):
        if value == _MAX32:
            if at + 8 > len(extra):
                broken = True
                break
            values[index] = int.from_bytes(extra[at : at + 8], "little")
            at += 8
    return values[0], values[1], values[2], broken


def name_text(raw: bytes, flags: int) -> str:
    """Decode a name as its flag bit 11 says; what is no UTF-8 is kept visible."""
    if raw.isascii():
        return raw.decode("ascii")
    return raw.decode("utf-8", "backslashreplace") if flags & 0x800 else raw.decode("cp437")


class LocalReader(BlockReader):
    """Reads local headers and data descriptors."""

    def header(self, offset: int) -> LocalHeader | None:
        """Return the local header at `offset`, or None if there is none."""
        if offset < 0:
            return None
        raw = self.read(offset, _LOCAL.size)
        if len(raw) < _LOCAL.size or raw[:4] != LOCAL_MAGIC:
            return None
        _, needed, flags, method, _, _, crc, packed, size, names, extras = _LOCAL.unpack(raw)
        data = offset + _LOCAL.size + names + extras
        rest = self.read(offset + _LOCAL.size, names)
        if extras and (packed == _MAX32 or size == _MAX32):
            extra = self.read(offset + _LOCAL.size + names, extras)
            wide = _zip64_extra(extra, 0, len(extra))
            if len(wide) >= 16:
                size, packed = struct.unpack_from("<QQ", wide)
        return LocalHeader(needed, flags, method, crc, packed, size, rest, data)

    def descriptor(self, offset: int, room: int, packed: int, size: int) -> tuple[int, bool]:
        """Return the length of the data descriptor at `offset`, and whether it fits the sizes.

        Its signature is optional and its sizes have four or eight bytes; the variant that fits
        is taken. `room` bytes lie between the data and the next record.
        """
        raw = self.read(offset, min(room, 24))
        signed = raw[:4] == _DESCRIPTOR_MAGIC
        start = 8 if signed else 4
        low = struct.pack("<LL", packed & _MAX32, size & _MAX32)
        wide = struct.pack("<QQ", packed, size)
        if raw[start : start + 16] == wide and len(raw) >= start + 16:
            return start + 16, True
        if raw[start : start + 8] == low and len(raw) >= start + 8:
            return start + 8, True
        return (min(16, len(raw)), False) if signed else (0, False)
