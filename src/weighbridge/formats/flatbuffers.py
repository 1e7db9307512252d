"""FlatBuffers, walked with every offset checked (flatbuffers.dev, internals).

A table begins with a signed distance back to its vtable; the vtable has its own length, the table's
length, and for each field where it stands in the table, 0 for absent. Strings, vectors and tables
are reached by unsigned distances forward. Nothing is trusted: offsets stay in the buffer, counts
are held against the bytes that are left, and the number of tables is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.sources.base import Source

_TABLES = 5_000_000
_FIELDS = 1_000
_WINDOW = 64 << 10
_CHECK_EVERY = 4_096


@dataclass(frozen=True, slots=True)
class Table:
    """One table: where it stands, and where each field that is present stands."""

    start: int
    fields: tuple[int, ...]

    def at(self, number: int) -> int | None:
        """Return the position of a field, None when it is absent."""
        offset = self.fields[number] if number < len(self.fields) else 0
        return self.start + offset if offset else None


class Buffer:
    """Reads tables, vectors and scalars out of a source."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._base = 0
        self._window = b""
        self._tables = 0
        self._vtables: dict[int, tuple[int, ...]] = {}
        self.end = 0

    def root(self) -> Table:
        """Return the root table."""
        return self.table(self.number(0, 4))

    def number(self, position: int, width: int, signed: bool = False) -> int:
        """Return a little-endian number."""
        return int.from_bytes(self.bytes_at(position, width), "little", signed=signed)

    def bytes_at(self, position: int, count: int) -> bytes:
        """Return exactly `count` bytes.

        Raises:
            MalformedInput: they are not all in the buffer.
        """
        if position < 0 or position + count > self._source.size:
            raise MalformedInput("flatbuffer-offset", "an offset leads out of the file", position)
        self.end = max(self.end, position + count)
        index = position - self._base
        if not 0 <= index <= len(self._window) - count:
            if count > _WINDOW:
                return self._source.read_at(position, count)
            self._base = max(0, position - 256)
            self._window = self._source.read_at(self._base, _WINDOW + 256)
            index = position - self._base
        return self._window[index : index + count]

    def table(self, position: int) -> Table:
        """Return the table at `position`."""
        self._tables += 1
        if self._tables % _CHECK_EVERY == 0:
            self._budget.check_time()
        if self._tables > _TABLES:
            raise LimitExceeded("limit-flatbuffer-tables", f"more than {_TABLES} tables", position)
        vtable = position - self.number(position, 4, signed=True)
        fields = self._vtables.get(vtable)
        if fields is None:
            fields = self._vtables[vtable] = self._vtable(vtable, position)
        return Table(position, fields)

    def _vtable(self, vtable: int, position: int) -> tuple[int, ...]:
        size, inline = self.number(vtable, 2), self.number(vtable + 2, 2)
        if size < 4 or size % 2 or size > 4 + 2 * _FIELDS:
            raise MalformedInput("flatbuffer-vtable", "a vtable has an impossible size", vtable)
        data = self.bytes_at(vtable + 4, size - 4)
        fields = tuple(int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2))
        if any(offset >= max(inline, 4) for offset in fields):
            text = "a field stands outside its table"
            raise MalformedInput("flatbuffer-vtable", text, position)
        return fields

    def scalar(
        self, table: Table, number: int, width: int, default: int = 0, signed: bool = False
    ) -> int:
        """Return a number that stands in the table itself."""
        position = table.at(number)
        return default if position is None else self.number(position, width, signed)

    def _target(self, table: Table, number: int) -> int | None:
        position = table.at(number)
        if position is None:
            return None
        return position + self.number(position, 4)

    def child(self, table: Table, number: int) -> Table | None:
        """Return the table that a field refers to."""
        position = self._target(table, number)
        return None if position is None else self.table(position)

    def vector(self, table: Table, number: int, width: int) -> tuple[int, int]:
        """Return where the elements of a vector begin, and how many there are."""
        position = self._target(table, number)
        if position is None:
            return 0, 0
        count = self.number(position, 4)
        if count * width > self._source.size - position - 4:
            text = f"a vector of {count} elements is longer than the file"
            raise MalformedInput("flatbuffer-vector", text, position)
        self.end = max(self.end, position + 4 + count * width)
        return position + 4, count

    def tables(self, table: Table, number: int) -> Iterator[Table]:
        """Yield the tables of a vector of them."""
        start, count = self.vector(table, number, 4)
        for index in range(count):
            position = start + 4 * index
            yield self.table(position + self.number(position, 4))

    def numbers(self, table: Table, number: int, limit: int) -> list[int]:
        """Return the first 32-bit numbers of a vector."""
        start, count = self.vector(table, number, 4)
        data = self.bytes_at(start, 4 * min(count, limit)) if count else b""
        return [
            int.from_bytes(data[i : i + 4], "little", signed=True) for i in range(0, len(data), 4)
        ]

    def check_texts(self, table: Table, number: int) -> int:
        """See that every string of a vector of them is in the buffer; returns how many."""
        start, count = self.vector(table, number, 4)
        for index in range(count):
            if index % _CHECK_EVERY == 0:
                self._budget.check_time()
            position = start + 4 * index
            position += self.number(position, 4)
            size = self.number(position, 4)
            if size > self._source.size - position - 4:
                text = f"a string of {size} bytes is longer than the file"
                raise MalformedInput("flatbuffer-vector", text, position)
            self.end = max(self.end, position + 4 + size)
        return count

    def text(self, table: Table, number: int, limit: int = 300) -> str:
        """Return a string, at most `limit` bytes of it."""
        start, count = self.vector(table, number, 1)
        return self.bytes_at(start, min(count, limit)).decode("utf-8", "backslashreplace")

    def texts(self, table: Table, number: int, most: int, limit: int = 100) -> list[str]:
        """Return the first strings of a vector of them, at most `limit` bytes of each."""
        start, count = self.vector(table, number, 4)
        found = []
        for index in range(min(count, most)):
            position = start + 4 * index
            position += self.number(position, 4)
            size = min(self.number(position, 4), limit)
            found.append(self.bytes_at(position + 4, size).decode("utf-8", "backslashreplace"))
        return found
