"""Groups: links in messages, in symbol tables, and in fractal heaps (IV.A.2.g, III.B, III.C)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.errors import MalformedInput
from weighbridge.formats.hdf5.heaps import FractalHeap, LocalHeap
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader
from weighbridge.formats.hdf5.trees import NewTree, old_tree

HARD, SOFT, EXTERNAL = 0, 1, 64
_BY_NAME = 5


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a group.

    Attributes:
        name: of the entry.
        kind: 0 hard, 1 soft, 64 external, others defined by a plug-in.
        address: of the object, for a hard link.
        file: for an external link.
        target: path, for a soft or external link.
    """

    name: str
    kind: int
    address: int | None = None
    file: str = ""
    target: str = ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def link_message(cursor: Cursor) -> Link:
    """Read a link message."""
    if cursor.number(1) != 1:
        raise MalformedInput("hdf5-link", "an unknown version of a link", None)
    flags = cursor.number(1)
    kind = cursor.number(1) if flags & 0x08 else HARD
    cursor.skip((8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0))
    name = _text(cursor.take(cursor.number(1 << (flags & 3))))
    if kind == HARD:
        return Link(name, kind, cursor.address())
    value = cursor.take(cursor.number(2))
    if kind == SOFT:
        return Link(name, kind, target=_text(value))
    if kind == EXTERNAL:
        file, _, rest = value[1:].partition(b"\0")
        return Link(name, kind, file=_text(file), target=_text(rest.partition(b"\0")[0]))
    return Link(name, kind, file=f"type {kind}", target=_text(value[:200]))


def dense_links(reader: Hdf5Reader, cursor: Cursor) -> Iterator[Link]:
    """Yield the links that a link info message stores in a heap."""
    cursor.skip(1)
    flags = cursor.number(1)
    cursor.skip(8 if flags & 1 else 0)
    heap_address, tree_address = cursor.address(), cursor.address()
    if heap_address is None or tree_address is None:
        return
    heap, tree = FractalHeap(reader, heap_address), NewTree(reader, tree_address)
    if tree.kind != _BY_NAME:
        raise MalformedInput("hdf5-link", "an index of links of another kind", tree_address)
    for record in tree.records():
        record.skip(4)
        data, place = heap.get(record.take(min(heap.id_size, record.left)))
        yield link_message(reader.over(data, place))


def table_links(reader: Hdf5Reader, cursor: Cursor) -> Iterator[Link]:
    """Yield the links of a symbol table message."""
    tree, heap_address = cursor.address(), cursor.address()
    heap = LocalHeap(reader, heap_address)
    for _key, node in old_tree(reader, tree, reader.lengths, 0):
        yield from _symbols(reader, node, heap)


def _symbols(reader: Hdf5Reader, address: int, heap: LocalHeap) -> Iterator[Link]:
    head = reader.cursor(address, 8)
    head.expect(b"SNOD")
    head.skip(2)
    count = head.number(2)
    entries = reader.cursor(address + 8, count * (2 * reader.offsets + 24))
    for _ in range(count):
        name = entries.number(reader.offsets)
        target, cached = entries.address(), entries.number(4)
        entries.skip(4)
        scratch = entries.take(16)
        shown = _text(heap.text(name))
        if cached == 2:
            where = int.from_bytes(scratch[:4], "little")
            yield Link(shown, SOFT, target=_text(heap.text(where)))
        else:
            yield Link(shown, HARD, target)
