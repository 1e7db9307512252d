"""Datatypes and dataspaces (IV.A.2.b, IV.A.2.d): only what sizes and texts depend on."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.errors import MalformedInput
from weighbridge.formats.hdf5.reading import Cursor

STRING = 3
OPAQUE = 5
VARIABLE = 9
_MOST_DIMENSIONS = 32
_LARGEST = 1 << 80


@dataclass(frozen=True, slots=True)
class Datatype:
    """Class and element size; `text` for strings of fixed or variable length."""

    kind: int
    size: int
    text: bool


@dataclass(frozen=True, slots=True)
class Dataspace:
    """Extents; None for the null space, which has no elements."""

    extents: tuple[int, ...] | None

    @property
    def count(self) -> int:
        """Number of elements; capped far above what any file holds."""
        if self.extents is None:
            return 0
        total = 1
        for extent in self.extents:
            total = min(total * extent, _LARGEST)
        return total


def datatype(cursor: Cursor) -> Datatype:
    """Read the fixed part of a datatype message."""
    kind = cursor.number(1) & 0x0F
    bits = cursor.number(3)
    size = cursor.number(4)
    return Datatype(kind, size, kind == STRING or (kind == VARIABLE and bits & 0x0F == 1))


def dataspace(cursor: Cursor) -> Dataspace:
    """Read a dataspace message."""
    version, rank, _flags = cursor.number(1), cursor.number(1), cursor.number(1)
    if version not in (1, 2) or rank > _MOST_DIMENSIONS:
        raise MalformedInput("hdf5-dataspace", "a dataspace that cannot be", None)
    if version == 1:
        cursor.skip(5)
    elif cursor.number(1) == 2:
        return Dataspace(None)
    return Dataspace(tuple(cursor.length() for _ in range(rank)))
