"""Where a dataset keeps its data (IV.A.2.i), what packs it (IV.A.2.l), and other files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.errors import LimitExceeded, MalformedInput, Unsupported
from weighbridge.formats.hdf5.heaps import GlobalHeaps, LocalHeap
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader
from weighbridge.formats.hdf5.trees import NewTree, old_tree

_MOST_CHUNKS = 200_000
_MOST_SOURCES = 100_000
_KINDS = {0: "compact", 1: "contiguous", 2: "chunked", 3: "virtual"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a dataset is stored.

    Attributes:
        kind: `compact`, `contiguous`, `chunked` or `virtual`.
        address: of the data, of the chunk index, or of the global heap of a virtual layout.
        size: bytes of contiguous or compact data, bytes of one chunk, heap index if virtual.
        rank: dimensions of a chunk, the element included (only for a version 1 B-tree).
        index: of the chunks: 0 version 1 B-tree, 1 single, 2 implicit, 3 fixed array,
            4 extensible array, 5 version 2 B-tree.
        stored: bytes of a single packed chunk.
    """

    kind: str
    address: int | None
    size: int
    rank: int = 0
    index: int = 0
    stored: int | None = None


def layout(cursor: Cursor) -> Layout:
    """Read a data layout message."""
    version = cursor.number(1)
    if version in (1, 2):
        return _old(cursor)
    if version not in (3, 4, 5):
        raise Unsupported("hdf5-layout", f"data layout version {version}", None)
    kind = _kind(cursor.number(1))
    if kind == "compact":
        return Layout(kind, None, cursor.number(2))
    if kind == "contiguous":
        return Layout(kind, cursor.address(), cursor.length())
    if kind == "virtual":
        return Layout(kind, cursor.address(), cursor.number(4))
    return _chunked_3(cursor) if version == 3 else _chunked_4(cursor)


def _kind(number: int) -> str:
    if number not in _KINDS:
        raise MalformedInput("hdf5-layout", "an unknown class of data layout", None)
    return _KINDS[number]


def _product(sizes: list[int]) -> int:
    total = 1
    for size in sizes:
        total = min(total * size, 1 << 80)
    return total


def _old(cursor: Cursor) -> Layout:
    rank, kind = cursor.number(1), _kind(cursor.number(1))
    cursor.skip(5)
    address = None if kind == "compact" else cursor.address()
    sizes = [cursor.number(4) for _ in range(rank)]
    if kind == "chunked":
        return Layout(kind, address, _product(sizes), rank)
    # The sizes of contiguous data leave out the element; the dataspace tells.
    return Layout(kind, address, cursor.number(4) if kind == "compact" else 0)


def _chunked_3(cursor: Cursor) -> Layout:
    rank = cursor.number(1)
    address = cursor.address()
    return Layout("chunked", address, _product([cursor.number(4) for _ in range(rank)]), rank)


def _chunked_4(cursor: Cursor) -> Layout:
    flags, rank, width = cursor.number(1), cursor.number(1), cursor.number(1)
    if width > 8:
        raise MalformedInput("hdf5-layout", "impossible sizes of chunks", None)
    size = _product([cursor.number(width) for _ in range(rank)])
    index = cursor.number(1)
    stored = None
    if index == 1 and flags & 2:
        stored = cursor.length()
        cursor.skip(4)
    elif index in (3, 4, 5):
        cursor.skip({3: 1, 4: 5, 5: 6}[index])
    return Layout("chunked", cursor.address(), size, rank, index, stored)


def stored_bytes(reader: Hdf5Reader, where: Layout, enough: int) -> int | None:
    """Return how many bytes of chunks are stored, at least; None when that is not known.

    Args:
        reader: of the file.
        where: a chunked layout.
        enough: counting may stop there.
    """
    if where.address is None:
        return 0
    if where.index == 1:
        return where.size if where.stored is None else where.stored
    if where.index == 5:
        return NewTree(reader, where.address).total * where.size
    if where.index != 0:
        return None
    total = 0
    entries = old_tree(reader, where.address, 8 + 8 * where.rank, 1)
    for number, (key, _child) in enumerate(entries):
        total += int.from_bytes(key[:4], "little")
        if total >= enough:
            break
        if number > _MOST_CHUNKS:
            raise LimitExceeded("limit-hdf5-chunks", "a dataset has too many chunks", None)
    return total


def filters(cursor: Cursor) -> list[tuple[int, str]]:
    """Return number and name of each filter."""
    version, count = cursor.number(1), cursor.number(1)
    if version == 1:
        cursor.skip(6)
    found = []
    for _ in range(count):
        number = cursor.number(2)
        named = version == 1 or number >= 256
        length = cursor.number(2) if named else 0
        cursor.skip(2)
        values = cursor.number(2)
        name = cursor.take(length).partition(b"\0")[0].decode("utf-8", "backslashreplace")
        cursor.skip(4 * values + (4 if version == 1 and values % 2 else 0))
        found.append((number, name))
    return found


def external_files(reader: Hdf5Reader, cursor: Cursor) -> Iterator[str]:
    """Yield the names of an external file list message (IV.A.2.h)."""
    cursor.skip(6)
    used = cursor.number(2)
    heap = LocalHeap(reader, cursor.address())
    for _ in range(used):
        name = cursor.length()
        cursor.length()
        cursor.length()
        yield heap.text(name).decode("utf-8", "backslashreplace")


def virtual_sources(heaps: GlobalHeaps, reader: Hdf5Reader, where: Layout) -> set[tuple[str, str]]:
    """Return file and dataset of every part of a virtual dataset (VII, virtual layout)."""
    if where.address is None:
        return set()
    data = heaps.get(where.address, where.size)
    cursor = reader.over(data, where.address)
    version, count = cursor.number(1), cursor.length()
    if version != 0:
        raise Unsupported("hdf5-virtual", f"virtual layout version {version}", where.address)
    found: set[tuple[str, str]] = set()
    for number in range(count):
        if number > _MOST_SOURCES:
            raise LimitExceeded("limit-hdf5-virtual", "too many parts", where.address)
        file, dataset = cursor.text(), cursor.text()
        found.add(
            (
                file.decode("utf-8", "backslashreplace"),
                dataset.decode("utf-8", "backslashreplace"),
            )
        )
        _selection(cursor)
        _selection(cursor)
    return found


def _selection(cursor: Cursor) -> None:
    """Pass over a serialised selection."""
    kind, version = cursor.number(4), cursor.number(4)
    if kind in (0, 3) or version == 1:
        cursor.skip(4)
        cursor.skip(cursor.number(4))
    elif kind == 2 and version == 2:
        cursor.skip(1)
        cursor.skip(cursor.number(4))
    elif kind == 2 and version == 3:
        flags, width, rank = cursor.number(1), cursor.number(1), cursor.number(4)
        blocks = 4 * rank if flags & 1 else 2 * rank * cursor.number(width)
        cursor.skip(blocks * width)
    elif kind == 1 and version == 2:
        width, rank = cursor.number(1), cursor.number(4)
        cursor.skip(cursor.number(width) * rank * width)
    else:
        raise Unsupported("hdf5-virtual", "a selection of an unknown kind", None)
