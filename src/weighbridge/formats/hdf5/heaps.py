"""Heaps: local (III.D), global (III.E) and fractal (III.G)."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.errors import LimitExceeded, MalformedInput, Unsupported
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader
from weighbridge.formats.hdf5.trees import NewTree

_MOST_HEAPS = 20_000
_LARGEST_OBJECT = 40 << 20
_MOST_ROWS = 64
_MOST_HUGE = 100_000
_MOST_BLOCKS = 64
_MOST_OBJECTS = 2_000_000


class LocalHeap:
    """Names of an old group, by their offset."""

    def __init__(self, reader: Hdf5Reader, address: int | None) -> None:
        cursor = reader.cursor(address, 8 + 2 * reader.lengths + reader.offsets)
        cursor.expect(b"HEAP")
        cursor.skip(4)
        size = cursor.length()
        cursor.length()
        self._address = cursor.address()
        self._data = reader.read(self._address, size) if size else b""

    def text(self, offset: int) -> bytes:
        """Return the text at an offset."""
        end = self._data.find(b"\0", offset)
        if offset >= len(self._data) or end < 0:
            raise MalformedInput("hdf5-heap", "a name outside its heap", self._address)
        return self._data[offset:end]


class GlobalHeaps:
    """Objects of the global heap, by address of the collection and index."""

    def __init__(self, reader: Hdf5Reader) -> None:
        self._reader = reader
        self._known: dict[int, dict[int, tuple[int, int]]] = {}
        self._objects = 0

    def get(self, address: int | None, index: int) -> bytes:
        """Return one object."""
        if address is None:
            raise MalformedInput("hdf5-heap", "an object of no global heap", None)
        if address not in self._known:
            if len(self._known) >= _MOST_HEAPS:
                raise LimitExceeded("limit-hdf5-heap", "too many global heaps", address)
            self._known[address] = self._collection(address)
        found = self._known[address].get(index)
        if found is None:
            raise MalformedInput("hdf5-heap", "an object that its heap does not have", address)
        place, size = found
        if size > _LARGEST_OBJECT:
            raise LimitExceeded("limit-hdf5-heap", f"a text of {size} bytes", place)
        return self._reader.read(place, size)

    def _collection(self, address: int) -> dict[int, tuple[int, int]]:
        reader = self._reader
        cursor = reader.cursor(address, 8 + reader.lengths)
        cursor.expect(b"GCOL")
        cursor.skip(4)
        end = address + cursor.length()
        place = address + 8 + reader.lengths
        head = 8 + reader.lengths
        found: dict[int, tuple[int, int]] = {}
        while place + head <= end:
            cursor = reader.cursor(place, head)
            index = cursor.number(2)
            cursor.skip(6)
            size = cursor.length()
            if index == 0 or place + head + size > end:
                break
            self._objects += 1
            if self._objects > _MOST_OBJECTS:
                raise LimitExceeded("limit-hdf5-heap", "too many objects in heaps", address)
            found[index] = (place + head, size)
            place += head + (size + 7) // 8 * 8
        return found


@dataclass(frozen=True, slots=True)
class _Shape:
    """The doubling table of a fractal heap."""

    width: int
    start: int
    direct_rows: int

    def block(self, row: int) -> int:
        """Return the size of the blocks of a row."""
        return self.start << max(row - 1, 0)


class FractalHeap:
    """Links or attributes of a large object, by heap ID."""

    def __init__(self, reader: Hdf5Reader, address: int | None) -> None:
        self._reader = reader
        cursor = reader.cursor(address, 22 + 12 * reader.lengths + 3 * reader.offsets)
        cursor.expect(b"FRHP")
        version = cursor.number(1)
        self.id_size = cursor.number(2)
        filters, flags = cursor.number(2), cursor.number(1)
        cursor.skip(4)
        cursor.length()
        self._huge_tree = cursor.address()
        cursor.length()
        cursor.address()
        for _ in range(8):
            cursor.length()
        width, start, largest = cursor.number(2), cursor.length(), cursor.length()
        self._bits = cursor.number(2)
        cursor.skip(2)
        self._root, self._rows = cursor.address(), cursor.number(2)
        if version != 0 or filters:
            text = "a fractal heap that is packed, or of an unknown version"
            raise Unsupported("hdf5-heap", text, address)
        self._check(width, start, largest, address)
        rows = largest.bit_length() - start.bit_length() + 2
        self._shape = _Shape(width, start, rows)
        self._head = 5 + reader.offsets + (self._bits + 7) // 8
        self._checked = bool(flags & 2)
        self._largest = largest
        self._huge: dict[int, tuple[int, int]] | None = None
        self._blocks: dict[int, list[int | None]] = {}

    def _check(self, width: int, start: int, largest: int, address: int | None) -> None:
        powers = start & (start - 1) == 0 and largest & (largest - 1) == 0
        if not (0 < width <= 1024 and 0 < start <= largest and powers and self._bits <= 64):
            raise MalformedInput("hdf5-heap", "a fractal heap of an impossible shape", address)
        if largest.bit_length() > 33 or self._rows > _MOST_ROWS or self.id_size > 4096:
            raise MalformedInput("hdf5-heap", "a fractal heap of an impossible shape", address)

    def get(self, identifier: bytes) -> tuple[bytes, int]:
        """Return one object and its address."""
        if not identifier:
            raise MalformedInput("hdf5-heap", "an empty heap ID", None)
        kind = identifier[0] >> 4 & 3
        if kind == 2:
            return self._tiny(identifier), 0
        if kind == 1:
            place, size = self._huge_object(identifier)
        elif kind == 0:
            place, size = self._managed(identifier)
        else:
            raise MalformedInput("hdf5-heap", "a heap ID of an unknown kind", None)
        if size > _LARGEST_OBJECT:
            raise LimitExceeded("limit-hdf5-heap", f"an object of {size} bytes", place)
        return self._reader.read(place, size), place

    def _tiny(self, identifier: bytes) -> bytes:
        if self.id_size <= 17:
            return identifier[1 : 2 + (identifier[0] & 0x0F)]
        size = ((identifier[0] & 0x0F) << 8 | identifier[1]) + 1
        return identifier[2 : 2 + size]

    def _managed(self, identifier: bytes) -> tuple[int, int]:
        width = (self._bits + 7) // 8
        offset = int.from_bytes(identifier[1 : 1 + width], "little")
        size = int.from_bytes(identifier[1 + width : self.id_size], "little")
        block, begin, room = self._find(offset)
        if offset - begin + size > room:
            raise MalformedInput("hdf5-heap", "an object reaches beyond its block", block)
        return block + offset - begin, size

    def _find(self, offset: int) -> tuple[int, int, int]:
        """Return address, offset within the heap and size of the direct block for an offset."""
        shape = self._shape
        if self._rows == 0:
            if self._root is None:
                raise MalformedInput("hdf5-heap", "an object in an empty heap", None)
            return self._root, 0, shape.start
        address, begin, rows = self._root, 0, self._rows
        for _ in range(_MOST_ROWS):
            entries = self._indirect(address, rows)
            row, first = self._row_of(offset - begin, rows)
            size = shape.block(row)
            column = (offset - begin - first) // size
            child = entries[row * shape.width + column]
            if child is None:
                raise MalformedInput("hdf5-heap", "an object in a block that is not there", address)
            begin += first + column * size
            if row < shape.direct_rows:
                return child, begin, size
            address = child
            rows = size.bit_length() - (shape.start * shape.width).bit_length() + 1
        raise MalformedInput("hdf5-heap", "a fractal heap without end", address)

    def _row_of(self, offset: int, rows: int) -> tuple[int, int]:
        first = 0
        for row in range(rows):
            room = self._shape.block(row) * self._shape.width
            if offset < first + room:
                return row, first
            first += room
        raise MalformedInput("hdf5-heap", "an object outside its heap", None)

    def _indirect(self, address: int | None, rows: int) -> list[int | None]:
        if not 0 < rows <= _MOST_ROWS:
            raise MalformedInput("hdf5-heap", "an impossible indirect block", address)
        known = self._blocks.get(address or 0)
        if known is not None and len(known) == rows * self._shape.width:
            return known
        count = rows * self._shape.width
        cursor = self._reader.cursor(address, self._head + count * self._reader.offsets)
        cursor.expect(b"FHIB")
        cursor.skip(self._head - 4)
        entries = [cursor.address() for _ in range(count)]
        if len(self._blocks) >= _MOST_BLOCKS:
            self._blocks.clear()
        self._blocks[address or 0] = entries
        return entries

    def _huge_object(self, identifier: bytes) -> tuple[int, int]:
        reader = self._reader
        direct = reader.offsets + reader.lengths
        if self.id_size > direct:
            cursor = Cursor(identifier[1 : 1 + direct], 0, reader.offsets, reader.lengths)
            address, size = cursor.address(), cursor.length()
            if address is None:
                raise MalformedInput("hdf5-heap", "a huge object nowhere", None)
            return address, size
        if self._huge is None:
            self._huge = self._read_huge()
        width = min(self.id_size - 1, reader.lengths)
        key = int.from_bytes(identifier[1 : 1 + width], "little")
        if key not in self._huge:
            raise MalformedInput("hdf5-heap", "a huge object that is not listed", self._huge_tree)
        return self._huge[key]

    def _read_huge(self) -> dict[int, tuple[int, int]]:
        tree = NewTree(self._reader, self._huge_tree)
        if tree.kind != 1:
            raise Unsupported("hdf5-heap", "huge objects that are packed", self._huge_tree)
        found: dict[int, tuple[int, int]] = {}
        for cursor in tree.records():
            address, size, key = cursor.address(), cursor.length(), cursor.length()
            if address is not None:
                found[key] = (address, size)
            if len(found) > _MOST_HUGE:
                raise LimitExceeded("limit-hdf5-heap", "too many huge objects", self._huge_tree)
        return found
