"""The superblock (II.A): sizes of addresses and lengths, the root group, the end of the file."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.errors import MalformedInput, Unsupported
from weighbridge.formats.hdf5.reading import SIGNATURE, Hdf5Reader

_WIDTHS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Superblock:
    """What the superblock says.

    Attributes:
        version: 0 to 3.
        root: address of the object header of the root group.
        end: address after the last byte, counted from the signature.
    """

    version: int
    root: int | None
    end: int | None


def read_superblock(reader: Hdf5Reader) -> Superblock:
    """Read it and give `reader` the sizes."""
    cursor = reader.upto(0, 160)
    cursor.expect(SIGNATURE)
    version = cursor.number(1)
    if version > 3:
        raise Unsupported("hdf5-superblock", f"superblock version {version}", reader.base + 8)
    old = version < 2
    if old:
        cursor.skip(4)
    widths = cursor.number(1), cursor.number(1)
    if widths[0] not in _WIDTHS or widths[1] not in _WIDTHS:
        raise MalformedInput("hdf5-superblock", "impossible sizes of addresses", reader.base + 13)
    reader.offsets, reader.lengths = widths
    place = cursor.at
    cursor = reader.upto(0, 160)
    cursor.skip(place)
    cursor.skip((1 + 4 + 4 + (4 if version == 1 else 0)) if old else 1)
    base = cursor.address() or 0
    cursor.address()
    end = cursor.address()
    if old:
        cursor.address()
        cursor.address()
    root = cursor.address()
    # A file that was moved behind other bytes still gives its old end; the library corrects it.
    return Superblock(version, root, None if end is None else max(0, end - base))
