"""Bounded reads of an HDF5 file: addresses, lengths, cursors over what was read."""

from __future__ import annotations

from collections import OrderedDict

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.sources.base import Source, announce

SIGNATURE = b"\x89HDF\r\n\x1a\n"
LARGEST_BLOCK = 64 << 20
_PAGE = 4096
_PAGES = 256
_LARGEST_TOTAL = 512 << 20


class Cursor:
    """Reads little-endian fields of a block one after another.

    Args:
        data: the block.
        place: its address, for errors.
        offsets: size of an address in bytes.
        lengths: size of a length in bytes.
    """

    def __init__(self, data: bytes, place: int, offsets: int = 8, lengths: int = 8) -> None:
        self._data = data
        self._place = place
        self._offsets = offsets
        self._lengths = lengths
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self._data) - self.at

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        if not 0 <= count <= self.left:
            raise MalformedInput("hdf5-short", "a structure is cut short", self._place)
        self.at += count
        return self._data[self.at - count : self.at]

    def skip(self, count: int) -> None:
        """Leave out some bytes."""
        self.take(count)

    def number(self, width: int) -> int:
        """Return an unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), "little")

    def address(self) -> int | None:
        """Return an address, None for the undefined one."""
        value = self.number(self._offsets)
        return None if value == (1 << 8 * self._offsets) - 1 else value

    def length(self) -> int:
        """Return a length."""
        return self.number(self._lengths)

    def expect(self, magic: bytes) -> None:
        """Check the signature of a structure."""
        if self.take(len(magic)) != magic:
            text = f"no {magic.decode('ascii', 'replace')} where one has to be"
            raise MalformedInput("hdf5-signature", text, self._place)

    def text(self) -> bytes:
        """Return bytes up to a NUL, which is passed over."""
        end = self._data.find(b"\0", self.at)
        if end < 0:
            raise MalformedInput("hdf5-text", "a text has no end", self._place)
        found = self._data[self.at : end]
        self.at = end + 1
        return found


class Hdf5Reader:
    """Random access by the addresses of one HDF5 file.

    Args:
        source: the whole file, user block included.
        base: where the signature stands; every address counts from there.
        budget: of the scan.
    """

    def __init__(self, source: Source, base: int, budget: Budget) -> None:
        self._source = source
        self._pages: OrderedDict[int, bytes] = OrderedDict()
        self._total = 0
        self.base = base
        self.budget = budget
        self.offsets = 8
        self.lengths = 8

    @property
    def size(self) -> int:
        """Bytes from the signature to the end of the source."""
        return self._source.size - self.base

    def read(self, address: int | None, count: int) -> bytes:
        """Return exactly `count` bytes.

        Raises:
            MalformedInput: they lie outside the file.
            LimitExceeded: there are too many, or the time is used up.
        """
        if address is None:
            raise MalformedInput("hdf5-address", "an address is undefined that is needed", None)
        if count < 0 or address + count > self.size:
            text = f"a structure at {address} lies outside the file"
            raise MalformedInput("hdf5-address", text, self.base + min(address, self.size))
        if count > LARGEST_BLOCK:
            text = f"a structure of {count} bytes is too large to read"
            raise LimitExceeded("limit-hdf5-block", text, self.base + address)
        self._total += count
        if self._total > _LARGEST_TOTAL:
            raise LimitExceeded("limit-hdf5-bytes", "its structure is too large to read", None)
        self.budget.check_time()
        start = self.base + address
        if count > _PAGE:
            return self._source.read_at(start, count)
        data = b""
        for page in range(start // _PAGE, (start + count - 1) // _PAGE + 1):
            data += self._page(page)
        begin = start % _PAGE
        return data[begin : begin + count]

    def cursor(self, address: int | None, count: int) -> Cursor:
        """Return a cursor over exactly `count` bytes."""
        return self.over(self.read(address, count), address or 0)

    def upto(self, address: int | None, count: int) -> Cursor:
        """Return a cursor over `count` bytes, or over what the file has of them."""
        left = self.size - address if address is not None else 0
        return self.cursor(address, max(0, min(count, left)))

    def over(self, data: bytes, address: int) -> Cursor:
        """Return a cursor over bytes that were read at `address`."""
        return Cursor(data, self.base + address, self.offsets, self.lengths)

    def _page(self, number: int) -> bytes:
        found = self._pages.get(number)
        if found is None:
            found = self._source.read_at(number * _PAGE, _PAGE)
            self._pages[number] = found
            if len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return found


def user_blocks(size: int) -> list[int]:
    """Return where else than at 0 the library looks for the signature in a file of `size` bytes."""
    powers = range(9, size.bit_length())
    return [1 << power for power in powers if (1 << power) + len(SIGNATURE) <= size]


def find_signature(source: Source, head: bytes) -> int | None:
    """Return where the signature stands: at 0, 512 or a doubling of that."""
    if head.startswith(SIGNATURE):
        return 0
    length = len(SIGNATURE)
    offsets = user_blocks(source.size)
    announce(source, [(offset, length) for offset in offsets])
    for offset in offsets:
        if source.read_at(offset, length) == SIGNATURE:
            return offset
    return None
