"""Object headers (IV.A): the messages that describe a group, dataset or named type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader

CONTINUATION = 0x10
_MOST_BLOCKS = 1_000
_MOST_MESSAGES = 100_000
_SHARED = 0x02


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `shared` when its body only says where it really is."""

    kind: int
    shared: bool
    body: bytes
    address: int


@dataclass(slots=True)
class _Block:
    address: int
    size: int


def messages(reader: Hdf5Reader, address: int) -> Iterator[Message]:
    """Yield the messages of the object header at `address`, continuations included.

    Raises:
        ParseError: what follows cannot be read; what was yielded stands.
    """
    prefix = reader.upto(address, 32)
    if prefix.take(4) == b"OHDR":
        blocks, order = _version_2(prefix, address)
        old = False
    else:
        blocks, order = _version_1(reader, address), False
        old = True
    seen: set[int] = set()
    count = 0
    while blocks:
        block = blocks.pop(0)
        if block.address in seen:
            raise MalformedInput("hdf5-cycle", "an object header leads to itself", block.address)
        if len(seen) >= _MOST_BLOCKS:
            raise LimitExceeded("limit-hdf5-header", "an object header has too many parts", address)
        seen.add(block.address)
        for message in _block(reader, block, old, order, first=len(seen) == 1):
            count += 1
            if count > _MOST_MESSAGES:
                text = "an object header has too many messages"
                raise LimitExceeded("limit-hdf5-header", text, address)
            if message.kind == CONTINUATION:
                cursor = reader.over(message.body, message.address)
                begin, size = cursor.address(), cursor.length()
                if begin is None:
                    raise MalformedInput("hdf5-address", "a continuation to nowhere", address)
                blocks.append(_Block(begin, size))
            elif message.kind != 0:
                yield message


def _version_1(reader: Hdf5Reader, address: int) -> list[_Block]:
    prefix = reader.cursor(address, 16)
    if prefix.number(1) != 1:
        raise MalformedInput("hdf5-header", "no object header where one has to be", address)
    prefix.skip(7)
    return [_Block(address + 16, prefix.number(4))]


def _version_2(prefix: Cursor, address: int) -> tuple[list[_Block], bool]:
    if prefix.number(1) != 2:
        raise MalformedInput("hdf5-header", "an unknown version of an object header", address)
    flags = prefix.number(1)
    prefix.skip((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
    size = prefix.number(1 << (flags & 3))
    return [_Block(address + prefix.at, size)], bool(flags & 0x04)


def _block(
    reader: Hdf5Reader, block: _Block, old: bool, order: bool, first: bool
) -> Iterator[Message]:
    cursor = reader.cursor(block.address, block.size)
    tail = 0
    if not old and not first:
        cursor.expect(b"OCHK")
        tail = 4
    head = 8 if old else (6 if order else 4)
    while cursor.left - tail >= head:
        place = block.address + cursor.at
        kind = cursor.number(2 if old else 1)
        size = cursor.number(2)
        flags = cursor.number(1)
        cursor.skip(3 if old else (2 if order else 0))
        if size > cursor.left - tail:
            raise MalformedInput("hdf5-message", "a message is longer than its header", place)
        yield Message(kind, bool(flags & _SHARED), cursor.take(size), place + head)
