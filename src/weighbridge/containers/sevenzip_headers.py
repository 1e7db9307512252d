"""Reads the header database of a 7z archive.

Layout (7zFormat.txt of the LZMA SDK)::

    0 signature 37 7a bc af 27 1c | 6 version 2 | 8 CRC of the next 20 bytes
    12 next header offset 8 | 20 next header size 8 | 28 next header CRC 4
    32 packed streams … | next header: 01 header, or 17 encoded header (packed like any folder)

    streams   06 pack info | 07 unpack info (folders: chains of coders) | 08 substreams info
    files     05 count, then properties: 0e empty stream, 0f empty file, 11 names, 15 attributes

Counts are NUMBERs: the leading ones of the first byte tell how many bytes follow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate

from weighbridge.errors import LimitExceeded, MalformedInput

_FOLDER_CODERS = 32
_SIGNATURE_HEADER = 32

END, HEADER, ARCHIVE_PROPERTIES, ADDITIONAL, MAIN, FILES = range(6)
PACK_INFO, UNPACK_INFO, SUBSTREAMS, SIZE, CRC, FOLDER, CODER_SIZES, STREAM_COUNT = range(6, 14)
EMPTY_STREAM, EMPTY_FILE, ANTI, NAMES = range(14, 18)
ATTRIBUTES, ENCODED_HEADER = 0x15, 0x17


@dataclass(frozen=True, slots=True)
class Coder:
    """One step of a folder."""

    identifier: bytes
    inputs: int
    outputs: int
    properties: bytes


@dataclass(slots=True)
class Folder:
    """A chain of coders; `pairs` binds an input to the output that feeds it."""

    coders: list[Coder]
    pairs: list[tuple[int, int]]
    packed: list[int]
    sizes: list[int] = field(default_factory=list)
    crc: int | None = None
    streams: list[tuple[int, int | None]] = field(default_factory=list)

    def unpacked(self) -> int:
        """Length of the final output."""
        bound = {output for _, output in self.pairs}
        for index, size in enumerate(self.sizes):
            if index not in bound:
                return size
        raise MalformedInput("7z-folder", "a folder has no final output")


@dataclass(slots=True)
class Streams:
    """Where the packed streams are, and the folders made of them."""

    position: int = 0
    packed: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One file of the archive."""

    name: str = ""
    has_stream: bool = True
    is_file: bool = True
    attributes: int | None = None


class Cursor:
    """Reads the primitive types from a buffer; every length is checked against what is left."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = most
        self.at = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count < 0 or count > len(self._data) - self.at:
            raise MalformedInput("7z-header", "the header ends too early", self.at)
        self.at += count
        return self._data[self.at - count : self.at]

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def number(self) -> int:
        """Return the next NUMBER."""
        first = self.byte()
        mask, value = 0x80, 0
        for index in range(8):
            if not first & mask:
                return value + ((first & (mask - 1)) << (8 * index))
            value |= self.byte() << (8 * index)
            mask >>= 1
        return value

    def count(self) -> int:
        """Return the next NUMBER as a count of things."""
        value = self.number()
        if value > self._most:
            raise LimitExceeded("limit-members", f"over {self._most} files or streams", self.at)
        return value

    def bits(self, count: int) -> list[bool]:
        """Return a bit vector."""
        raw = self.take((count + 7) // 8)
        return [bool(raw[index >> 3] & (0x80 >> (index & 7))) for index in range(count)]

    def optional_bits(self, count: int) -> list[bool]:
        """Return a bit vector that may be replaced by "all"."""
        if count > self._most:
            raise LimitExceeded("limit-members", f"over {self._most} files or streams", self.at)
        return [True] * count if self.byte() else self.bits(count)

    def digests(self, count: int) -> list[int | None]:
        """Return CRCs, None where there is none."""
        defined = self.optional_bits(count)
        return [int.from_bytes(self.take(4), "little") if one else None for one in defined]


def read_streams(cursor: Cursor) -> Streams:
    """Read a StreamsInfo up to its end mark."""
    streams = Streams()
    while (kind := cursor.byte()) != END:
        if kind == PACK_INFO:
            _pack_info(cursor, streams)
        elif kind == UNPACK_INFO:
            _unpack_info(cursor, streams)
        elif kind == SUBSTREAMS:
            _substreams(cursor, streams)
        else:
            raise MalformedInput("7z-header", f"property {kind} among the streams", cursor.at)
    for folder in streams.folders:
        if not folder.streams:
            folder.streams = [(folder.unpacked(), folder.crc)]
        elif folder.streams[0][0] < 0:
            folder.streams = []
    return streams


def _pack_info(cursor: Cursor, streams: Streams) -> None:
    streams.position = cursor.number()
    count = cursor.count()
    while (kind := cursor.byte()) != END:
        if kind == SIZE:
            streams.packed = [cursor.number() for _ in range(count)]
            at = _SIGNATURE_HEADER + streams.position
            streams.starts = list(accumulate(streams.packed, initial=at))
        elif kind == CRC:
            cursor.digests(count)
        else:
            raise MalformedInput("7z-header", f"property {kind} in the pack info", cursor.at)


def _unpack_info(cursor: Cursor, streams: Streams) -> None:
    while (kind := cursor.byte()) != END:
        if kind == FOLDER:
            count = cursor.count()
            if cursor.byte():
                raise MalformedInput("7z-header", "folders in another stream", cursor.at)
            streams.folders = [_folder(cursor) for _ in range(count)]
        elif kind == CODER_SIZES:
            for folder in streams.folders:
                outputs = sum(coder.outputs for coder in folder.coders)
                folder.sizes = [cursor.number() for _ in range(outputs)]
        elif kind == CRC:
            crcs = cursor.digests(len(streams.folders))
            for folder, crc in zip(streams.folders, crcs, strict=True):
                folder.crc = crc
        else:
            raise MalformedInput("7z-header", f"property {kind} in the unpack info", cursor.at)


def _folder(cursor: Cursor) -> Folder:
    count = cursor.number()
    if not 0 < count <= _FOLDER_CODERS:
        raise MalformedInput("7z-folder", f"a folder of {count} coders", cursor.at)
    coders = [_coder(cursor) for _ in range(count)]
    inputs = sum(coder.inputs for coder in coders)
    outputs = sum(coder.outputs for coder in coders)
    pairs = [(cursor.number(), cursor.number()) for _ in range(outputs - 1)]
    packed_count = inputs - len(pairs)
    if packed_count < 1:
        raise MalformedInput("7z-folder", "a folder without packed stream", cursor.at)
    if packed_count > 1:
        return Folder(coders, pairs, [cursor.number() for _ in range(packed_count)])
    bound = {taken for taken, _ in pairs}
    return Folder(coders, pairs, [index for index in range(inputs) if index not in bound][:1])


def _coder(cursor: Cursor) -> Coder:
    flags = cursor.byte()
    identifier = cursor.take(flags & 15)
    inputs = outputs = 1
    if flags & 0x10:
        inputs, outputs = cursor.number(), cursor.number()
        if not 0 < inputs <= _FOLDER_CODERS or not 0 < outputs <= _FOLDER_CODERS:
            raise MalformedInput("7z-folder", "a coder with too many streams", cursor.at)
    properties = cursor.take(cursor.number()) if flags & 0x20 else b""
    return Coder(identifier, inputs, outputs, properties)


def _substreams(cursor: Cursor, streams: Streams) -> None:
    counts = [1] * len(streams.folders)
    sizes: list[list[int]] | None = None
    crcs: list[int | None] = []
    while (kind := cursor.byte()) != END:
        if kind == STREAM_COUNT:
            counts = [cursor.count() for _ in streams.folders]
        elif kind == SIZE:
            sizes = _stream_sizes(cursor, streams, counts)
        elif kind == CRC:
            crcs = cursor.digests(sum(_unknown(streams, counts)))
        else:
            raise MalformedInput("7z-header", f"property {kind} in the substreams", cursor.at)
    sizes = _stream_sizes(None, streams, counts) if sizes is None else sizes
    at = 0
    for folder, own, unknown in zip(streams.folders, sizes, _unknown(streams, counts), strict=True):
        given = crcs[at : at + unknown] if unknown else [folder.crc]
        at += unknown
        given += [None] * (len(own) - len(given))
        folder.streams = list(zip(own, given, strict=False)) or [(-1, None)]


def _unknown(streams: Streams, counts: list[int]) -> list[int]:
    """How many CRCs of each folder are not given by the folder's own."""
    return [
        0 if count == 1 and folder.crc is not None else count
        for folder, count in zip(streams.folders, counts, strict=True)
    ]


def _stream_sizes(cursor: Cursor | None, streams: Streams, counts: list[int]) -> list[list[int]]:
    """The last size of each folder is what the others leave."""
    result = []
    for folder, count in zip(streams.folders, counts, strict=True):
        if count > 1 and cursor is None:
            raise MalformedInput("7z-header", "the sizes of a solid folder are missing")
        sizes = [cursor.number() for _ in range(count - 1)] if cursor is not None else []
        left = folder.unpacked() - sum(sizes)
        if count and left < 0:
            raise MalformedInput("7z-header", "the sizes of a folder exceed it")
        result.append([*sizes, left] if count else [])
    return result


def read_files(cursor: Cursor) -> list[Entry]:
    """Read a FilesInfo up to its end mark."""
    count = cursor.count()
    entries = [Entry() for _ in range(count)]
    empty = [False] * count
    while (kind := cursor.byte()) != END:
        size = cursor.number()
        body = Cursor(cursor.take(size), count)
        if kind == EMPTY_STREAM:
            empty = body.bits(count)
            for entry, is_empty in zip(entries, empty, strict=True):
                entry.has_stream, entry.is_file = not is_empty, not is_empty
        elif kind == EMPTY_FILE:
            chosen = [entry for entry, is_empty in zip(entries, empty, strict=True) if is_empty]
            for entry, is_file in zip(chosen, body.bits(len(chosen)), strict=True):
                entry.is_file = is_file
        elif kind == NAMES:
            _names(body, size, entries)
        elif kind == ATTRIBUTES:
            _attributes(body, entries)
    return entries


def _names(body: Cursor, size: int, entries: list[Entry]) -> None:
    if body.byte():
        raise MalformedInput("7z-header", "names in another stream")
    text = body.take(size - 1)
    text = text[: len(text) // 2 * 2]
    names = text.decode("utf-16-le", "backslashreplace").split("\0", len(entries))
    for entry, name in zip(entries, names, strict=False):
        entry.name = name


def _attributes(body: Cursor, entries: list[Entry]) -> None:
    defined = body.optional_bits(len(entries))
    if body.byte():
        raise MalformedInput("7z-header", "attributes in another stream")
    for entry, one in zip(entries, defined, strict=True):
        if one:
            entry.attributes = int.from_bytes(body.take(4), "little")
