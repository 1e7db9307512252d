"""What stands beside a graph and runs nothing: checkpoint indices and fingerprints.

A checkpoint's ``.index`` is a LevelDB table (tensorflow/core/lib/io/table_format.txt): blocks of
entries, each block followed by a type and a CRC; an index block; a footer of 48 bytes with two
handles (offset and size as varints), zeros, and the magic number. The entry with the empty key is a
BundleHeaderProto: num_shards 1, endianness 2, version 3 (producer 1). ``fingerprint.pb`` holds five
64-bit hashes 1 to 5, a version 6 and a UUID 7.
"""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.errors import MalformedInput, ParseError, Unsupported
from weighbridge.facts.graphs import ExternalData
from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.protobuf import BYTES, VARINT, Message, Wire
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource

NAME = "tensorflow-checkpoint-index"
FINGERPRINT = "tensorflow-fingerprint"
_MAGIC = bytes.fromhex("57fb808b247547db")
_FOOTER, _TRAILER = 48, 5
_PLAIN = b"\0"
_BLOCKS = 1_000_000
_SHARDS = 10_000
_INDEX_LIMIT = 64 << 20
_FINGERPRINT_SIZE = 300


def claims(source: Source, head: bytes) -> bool:
    """Say whether the file ends as a table does, or is as short as a fingerprint."""
    return _is_table(source) or (source.size <= _FINGERPRINT_SIZE and head[:1] == b"\x08")


def _is_table(source: Source) -> bool:
    return source.size >= _FOOTER and source.read_at(source.size - 8, 8) == _MAGIC


def parse(context: Context, source: Source, place: Place) -> bool:
    """Check that blocks account for the table; its entries are numbers and names."""
    if not _is_table(source):
        return _fingerprint(context, source, place)
    wire = Wire(source, context.budget)
    context.format(place, NAME, source.size)
    position = source.size - _FOOTER
    _meta, position = _handle(wire, position, source.size - 8)
    index, _end = _handle(wire, position, source.size - 8)
    if index[0] + index[1] + _TRAILER > source.size - _FOOTER or index[1] > _INDEX_LIMIT:
        raise MalformedInput("table-index", "the table's index is not in the file", index[0])
    if source.read_at(index[0] + index[1], 1) != _PLAIN:
        raise Unsupported("compressed-table", "the blocks of the table are compressed", index[0])
    blocks = _blocks(context, source, wire, index)
    spans = [index, _meta, *blocks]
    reached = 0
    for start, size in sorted(spans):
        if start != reached:
            text = f"{abs(start - reached)} bytes at {min(start, reached)} belong to no block"
            context.anomaly(place, NAME, "table-hole", text, reached)
            context.gap(place, NAME, "malformed-hole", text, reached)
            hidden.search(context, source, place, reached, max(0, start - reached))
        reached = max(reached, start + size + _TRAILER)
    if reached != source.size - _FOOTER:
        text = "the blocks of the table do not end at its footer"
        context.gap(place, NAME, "malformed-hole", text, reached)
        hidden.search(context, source, place, reached)
    if context.file_name(place).endswith(".index"):
        _shards(context, source, place, wire, blocks)
    return True


def _shards(
    context: Context, source: Source, place: Place, wire: Wire, blocks: list[tuple[int, int]]
) -> None:
    """State which files beside the index hold the tensors, and how far into them.

    An entry's value is a BundleEntryProto: shard_id 3, offset 4, size 5; the header's num_shards 1.
    """
    ends: dict[int, int] = {0: 0}
    count = 1
    for key_size, start, end in _entries(context, source, wire, blocks):
        numbers = {f.number: f.value for f in wire.fields(Message(start, end)) if f.wire == VARINT}
        if key_size == 0:
            count = numbers.get(1, 1)
        else:
            shard = numbers.get(3, 0)
            ends[shard] = max(ends.get(shard, 0), numbers.get(4, 0) + numbers.get(5, 0))
    stem = context.file_name(place).removesuffix(".index")
    for shard, end in sorted(ends.items())[:_SHARDS]:
        name = f"{stem}.data-{shard:05d}-of-{count:05d}"
        context.add(ExternalData(place.member, 0, NAME, "", name, 1, 0, end, ()))


def _entries(
    context: Context, source: Source, wire: Wire, blocks: list[tuple[int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Yield the length of each key, and where its value begins and ends."""
    for begin, size in blocks:
        if size < 4:
            continue
        restarts = int.from_bytes(source.read_at(begin + size - 4, 4), "little")
        end, position = begin + size - 4 - 4 * restarts, begin
        while position < end:
            context.budget.check_time()
            shared, position = wire.varint(position, end)
            unshared, position = wire.varint(position, end)
            length, position = wire.varint(position, end)
            start = position + unshared
            position = start + length
            if position > end:
                raise MalformedInput("table-block", "an entry breaks off", start)
            yield shared + unshared, start, position


def _handle(wire: Wire, position: int, end: int) -> tuple[tuple[int, int], int]:
    offset, position = wire.varint(position, end)
    size, position = wire.varint(position, end)
    return (offset, size), position


def _blocks(
    context: Context, source: Source, wire: Wire, index: tuple[int, int]
) -> list[tuple[int, int]]:
    """Return the data blocks that the index names: entries of shared, unshared, value lengths."""
    start, size = index
    if size < 4:
        raise MalformedInput("table-index", "the table's index is empty", start)
    restarts = int.from_bytes(source.read_at(start + size - 4, 4), "little")
    end = start + size - 4 - 4 * restarts
    found: list[tuple[int, int]] = []
    position = start
    while position < end and len(found) < _BLOCKS:
        context.budget.check_time()
        _shared, position = wire.varint(position, end)
        unshared, position = wire.varint(position, end)
        length, position = wire.varint(position, end)
        position += unshared
        if position + length > end:
            raise MalformedInput("table-index", "an entry of the index breaks off", position)
        handle, _ = _handle(wire, position, position + length)
        if handle[0] + handle[1] > source.size:
            raise MalformedInput("table-block", "a block is not in the file", position)
        found.append(handle)
        position += length
    return found


def _fingerprint(context: Context, source: Source, place: Place) -> bool:
    data = source.read_at(0, _FINGERPRINT_SIZE)
    wire = Wire(BytesSource(data), context.budget)
    kinds: dict[int, int] = {}
    try:
        for item in wire.fields(wire.whole()):
            kinds[item.number] = item.wire
            if item.wire == BYTES and item.size > 64:
                return False
    except ParseError:
        return False
    hashes = [number for number, kind in kinds.items() if number <= 5 and kind == VARINT]
    if len(hashes) < 4 or not set(kinds) <= set(range(1, 9)) or kinds.get(6) != BYTES:
        return False
    context.format(place, FINGERPRINT, source.size)
    return True
