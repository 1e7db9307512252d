"""Attributes (IV.A.2.m), in messages and in fractal heaps, with texts of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.errors import MalformedInput, ParseError
from weighbridge.formats.hdf5.headers import messages
from weighbridge.formats.hdf5.heaps import FractalHeap, GlobalHeaps
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader
from weighbridge.formats.hdf5.trees import NewTree
from weighbridge.formats.hdf5.types import OPAQUE, VARIABLE, Datatype, dataspace, datatype

_BY_NAME = 8
_MOST_TEXTS = 10_000


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; `texts` are its elements when they are texts or opaque bytes.

    Attributes:
        name: of the attribute.
        texts: the elements as bytes; fixed strings without what pads them.
        address: where its message stands, from the signature.
    """

    name: str
    texts: tuple[bytes, ...]
    address: int


def attribute_message(
    reader: Hdf5Reader, heaps: GlobalHeaps, body: bytes, address: int
) -> Attribute:
    """Read an attribute message of any version."""
    cursor = reader.over(body, address)
    version, flags = cursor.number(1), cursor.number(1)
    if version not in (1, 2, 3):
        raise MalformedInput("hdf5-attribute", "an unknown version of an attribute", address)
    sizes = [cursor.number(2) for _ in range(3)]
    if version == 3:
        cursor.skip(1)
    blocks = []
    for size in sizes:
        blocks.append(cursor.take(size))
        if version == 1:
            cursor.skip(min(-size % 8, cursor.left))
    name = blocks[0].partition(b"\0")[0].decode("utf-8", "backslashreplace")
    shared = flags if version > 1 else 0
    kind = datatype(_resolved(reader, blocks[1], address, bool(shared & 1), 3))
    space = dataspace(_resolved(reader, blocks[2], address, bool(shared & 2), 1))
    texts = tuple(_texts(reader, heaps, kind, space.count, cursor))
    return Attribute(name, texts, address)


def _resolved(reader: Hdf5Reader, body: bytes, address: int, shared: bool, kind: int) -> Cursor:
    """Return a cursor over a message, or over the message it stands for."""
    cursor = reader.over(body, address)
    return shared_message(reader, cursor, kind) if shared else cursor


def shared_message(reader: Hdf5Reader, cursor: Cursor, kind: int) -> Cursor:
    """Follow a shared message into the header of a named datatype (IV.A.2, shared messages)."""
    version, place = cursor.number(1), cursor.number(1)
    if version == 1:
        cursor.skip(6)
    if version == 3 and place == 1:
        raise MalformedInput("hdf5-shared", "a message in a heap of shared messages", None)
    target = cursor.address()
    if target is not None:
        for message in messages(reader, target):
            if message.kind == kind and not message.shared:
                return reader.over(message.body, message.address)
    raise MalformedInput("hdf5-shared", "a shared message that is not there", target)


def _texts(
    reader: Hdf5Reader, heaps: GlobalHeaps, kind: Datatype, count: int, cursor: Cursor
) -> Iterator[bytes]:
    if kind.kind == VARIABLE and kind.text:
        for _ in range(min(count, _MOST_TEXTS, cursor.left // max(8 + reader.offsets, 1))):
            size, heap, index = cursor.number(4), cursor.address(), cursor.number(4)
            yield heaps.get(heap, index)[:size] if size and heap else b""
    elif (kind.text or kind.kind == OPAQUE) and kind.size:
        for _ in range(min(count, _MOST_TEXTS, cursor.left // kind.size)):
            data = cursor.take(kind.size)
            yield data if kind.kind == OPAQUE else data.rstrip(b"\0")


def dense_attributes(
    reader: Hdf5Reader, heaps: GlobalHeaps, cursor: Cursor
) -> Iterator[Attribute | ParseError]:
    """Yield the attributes of an attribute info message, and the errors of those that break."""
    cursor.skip(1)
    flags = cursor.number(1)
    cursor.skip(2 if flags & 1 else 0)
    heap_address, tree_address = cursor.address(), cursor.address()
    if heap_address is None or tree_address is None:
        return
    heap, tree = FractalHeap(reader, heap_address), NewTree(reader, tree_address)
    if tree.kind != _BY_NAME:
        raise MalformedInput("hdf5-attribute", "an index of another kind", tree_address)
    for record in tree.records():
        identifier = record.take(8)
        if record.number(1) & 2:
            yield MalformedInput("hdf5-shared", "an attribute in a heap of shared messages", None)
            continue
        try:
            data, place = heap.get(identifier[: heap.id_size])
            yield attribute_message(reader, heaps, data, place)
        except ParseError as error:
            yield error
