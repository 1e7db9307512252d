"""Tables and records.

Parquet: parquet-format README. Arrow: columnar format, file and stream. Feather 1. ORC v1: file
tail. Avro 1.11: object container files. SQLite: file format 1.3. TFRecord: TensorFlow's record
writer. MAT 5: MATLAB MAT-file format, level 5. NetCDF classic.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.errors import ParseError
from weighbridge.formats.crc32c import crc32c
from weighbridge.formats.data.extent import Extent, big, follow, number
from weighbridge.formats.flatbuffers import Buffer
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource

_CONTINUES = b"\xff\xff\xff\xff"
_CRC_MASK = 0xA282EAD8
_META = 64 << 20


def parquet(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """The magic number at both ends, and a footer that fits between them."""
    return _footed(source, head, b"PAR1", "parquet", 8)


def arrow_file(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Arrow's file form, and Feather 1."""
    return _footed(source, head, b"ARROW1", "arrow", 10) or _footed(
        source, head, b"FEA1", "feather", 8
    )


def _footed(source: Source, head: bytes, magic: bytes, name: str, width: int) -> Extent | None:
    if not head.startswith(magic):
        return None
    tail = source.read_at(max(0, source.size - width), width)
    whole = tail.endswith(magic) and 2 * width + number(tail, 0) <= source.size
    return Extent(name, source.size if whole else source.size + 1)


def arrow_stream(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Messages with a body each; the first is a schema (Message.fbs: header_type 1)."""
    if head[:4] != _CONTINUES or not 16 <= number(head, 4) <= 1 << 20:
        return None
    kinds: list[int] = []

    def length(header: bytes, offset: int) -> int | None:
        size = number(header, 4)
        if header[:4] != _CONTINUES or len(header) < 8 or size > _META:
            return None
        if size == 0:  # The end of the stream.
            return 8 if kinds else None
        message = _message(source.read_at(offset + 8, size), budget)
        if message is None:
            return None
        kinds.append(message[0])
        return 8 + size + message[1]

    end = follow(source, 0, 8, length, budget)
    return Extent("arrow-stream", end) if kinds[:1] == [1] else None


def _message(data: bytes, budget: Budget) -> tuple[int, int] | None:
    """Return the kind of a message and the length of its body."""
    try:
        buffer = Buffer(BytesSource(data), budget)
        table = buffer.root()
        kind, body = table.at(1), table.at(3)
        size = buffer.number(body, 8) if body is not None else 0
        return (buffer.number(kind, 1) if kind is not None else 0), size
    except ParseError:
        return None


def orc(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A postscript at the end, whose last byte is its length."""
    if head[:3] != b"ORC":
        return None
    tail = source.read_at(max(0, source.size - 256), 256)
    whole = tail[-1] < len(tail) and tail[:-1].endswith(b"ORC")
    return Extent("orc", source.size if whole else source.size + 1)


def avro(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A container file ends with the synchronisation marker that its header gives."""
    if head[:4] != b"Obj\1":
        return None
    marker = source.read_at(max(0, source.size - 16), 16)
    whole = marker in source.read_at(0, min(source.size - 16, 1 << 20))
    return Extent("avro", source.size if whole else source.size + 1)


def sqlite(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """As many pages as the header says."""
    if head[:16] != b"SQLite format 3\0" or len(head) < 100:
        return None
    page = big(head, 16, 2)
    return Extent("sqlite", (65536 if page == 1 else page) * big(head, 28) or source.size)


def tfrecord(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Records of TensorFlow, event files among them: length, its checksum, data, a checksum."""

    def length(header: bytes, _offset: int = 0) -> int | None:
        if len(header) < 12 or number(header, 8) != _masked_crc(header[:8]):
            return None
        return 16 + number(header, 0, 8)

    if length(head[:12]) is None:
        return None
    return Extent("tfrecord", follow(source, 0, 12, length, budget))


def _masked_crc(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _CRC_MASK) & 0xFFFFFFFF


def matlab(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A text of 116 bytes, a version, and elements that each state their length."""
    orders = {b"IM": "little", b"MI": "big"}
    order = orders.get(head[126:128])
    if order is None or not head.startswith(b"MATLAB"):
        return None
    read = number if order == "little" else big
    if read(head, 124, 2) == 0x0200:  # The user block of an HDF5 file, which is read by itself.
        return Extent("matlab", source.size) if source.size == 512 else None

    def length(header: bytes, _offset: int = 0) -> int | None:
        kind, size = read(header, 0), read(header, 4)
        if len(header) < 8 or kind not in (14, 15):
            return None
        return 8 + size + (0 if kind == 15 else -size % 8)

    return Extent("matlab", follow(source, 128, 8, length, budget))


def netcdf(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Classic NetCDF: a header with offsets into the rest of the file."""
    known = head[:3] == b"CDF" and head[3:4] in (b"\1", b"\2", b"\5")
    return Extent("netcdf", source.size) if known and big(head, 8) in (0, 10) else None
