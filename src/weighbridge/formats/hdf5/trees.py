"""B-trees of both versions (III.A), walked from the root with every node visited once."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader

_MOST_NODES = 200_000
_DEEPEST = 32


def old_tree(
    reader: Hdf5Reader, root: int | None, key_size: int, kind: int
) -> Iterator[tuple[bytes, int]]:
    """Yield key and child address of every leaf entry of a version 1 B-tree."""
    pending: list[tuple[int | None, int]] = [(root, 255)]
    seen: set[int | None] = set()
    while pending:
        address, above = pending.pop()
        if address in seen:
            raise MalformedInput("hdf5-cycle", "a B-tree leads back to itself", address)
        if len(seen) >= _MOST_NODES:
            raise LimitExceeded("limit-hdf5-tree", "a B-tree has too many nodes", address)
        seen.add(address)
        cursor = reader.cursor(address, 8 + 2 * reader.offsets)
        cursor.expect(b"TREE")
        found, level, used = cursor.number(1), cursor.number(1), cursor.number(2)
        if found != kind or level > _DEEPEST or level >= above + (above == 255):
            raise MalformedInput("hdf5-tree", "a B-tree node of another kind or level", address)
        begin = (address or 0) + 8 + 2 * reader.offsets
        entries = reader.cursor(begin, used * (key_size + reader.offsets))
        children: list[tuple[int | None, int]] = []
        for _ in range(used):
            key, child = entries.take(key_size), entries.address()
            if level:
                children.append((child, level))
            elif child is not None:
                yield key, child
        pending.extend(reversed(children))


def _enough(count: int) -> int:
    """Return how many bytes the library takes for numbers up to `count`."""
    return max(count.bit_length() - 1, 0) // 8 + 1


class NewTree:
    """A version 2 B-tree.

    Attributes:
        kind: type of its records.
        total: how many records it claims to have.
        record_size: of one record.
    """

    def __init__(self, reader: Hdf5Reader, address: int | None) -> None:
        self._reader = reader
        width = reader.offsets
        cursor = reader.cursor(address, 22 + width + reader.lengths)
        cursor.expect(b"BTHD")
        version, self.kind = cursor.number(1), cursor.number(1)
        self._node_size, self.record_size = cursor.number(4), cursor.number(2)
        self._depth = cursor.number(2)
        cursor.skip(2)
        self._root = cursor.address()
        self._root_records = cursor.number(2)
        self.total = cursor.length()
        if version != 0 or not self.record_size or self._depth > _DEEPEST:
            raise MalformedInput("hdf5-tree", "an impossible version 2 B-tree", address)
        if self._node_size < 10 + self.record_size:
            raise MalformedInput("hdf5-tree", "a B-tree with nodes of no room", address)
        self._widths = self._pointer_widths()

    def _pointer_widths(self) -> list[tuple[int, int]]:
        """Return, for each depth, the bytes of a child's record count and of its total."""
        room = self._node_size - 10
        most = total = room // self.record_size
        count_width = _enough(most)
        widths = [(0, 0), (count_width, 0)]
        for depth in range(1, self._depth + 1):
            pointer = self._reader.offsets + count_width + widths[depth][1]
            most = max(room - pointer, 0) // (self.record_size + pointer)
            total = min((most + 1) * total + most, 1 << 64)
            widths.append((count_width, _enough(total)))
        return widths

    def records(self) -> Iterator[Cursor]:
        """Yield a cursor over each record."""
        if self._root is None or not self._root_records:
            return
        pending = [(self._root, self._root_records, self._depth)]
        seen: set[int] = set()
        while pending:
            address, count, depth = pending.pop()
            if address in seen:
                raise MalformedInput("hdf5-cycle", "a B-tree leads back to itself", address)
            if len(seen) >= _MOST_NODES:
                raise LimitExceeded("limit-hdf5-tree", "a B-tree has too many nodes", address)
            seen.add(address)
            cursor = self._reader.upto(address, self._node_size)
            cursor.expect(b"BTIN" if depth else b"BTLF")
            cursor.skip(2)
            for _ in range(count):
                yield self._reader.over(cursor.take(self.record_size), address)
            if depth:
                pending.extend(self._children(cursor, count + 1, depth))

    def _children(self, cursor: Cursor, count: int, depth: int) -> list[tuple[int, int, int]]:
        width, total_width = self._widths[depth]
        found = []
        for _ in range(count):
            child, records = cursor.address(), cursor.number(width)
            cursor.skip(total_width)
            if child is not None:
                found.append((child, records, depth - 1))
        return found
