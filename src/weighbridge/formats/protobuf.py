"""Protocol-buffer wire format, walked by ranges (protobuf.dev/programming-guides/encoding).

A message is a row of fields: a varint tag (number << 3 | wire type), then a varint (0), eight bytes
(1), a length and that many bytes (2), or four bytes (5). Types 3 and 4, groups, are not used by any
format read here and are refused. Nothing is decoded that is not asked for, so tensor data is
skipped without being read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.sources.base import Source

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
DEPTH = 100
FIELDS = 50_000_000
_SMALL, _LARGE = 4 << 10, 256 << 10
_MASK = (1 << 64) - 1
_WIDTHS = {FIXED64: 8, FIXED32: 4}


class Message(NamedTuple):
    """The range of one message."""

    start: int
    end: int
    depth: int = 0


class Field(NamedTuple):
    """One field; `value` is the number of a varint, `start` and `end` bound the content."""

    number: int
    wire: int
    value: int
    start: int
    end: int
    depth: int

    @property
    def size(self) -> int:
        """Length of the content in bytes."""
        return self.end - self.start


class Wire:
    """Reads messages out of one source through a window that grows while reading goes forward."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._base = 0
        self._window = b""
        self._step = _SMALL
        self._fields = 0

    def whole(self) -> Message:
        """Return the source as a message."""
        return Message(0, self._source.size)

    def inner(self, field: Field) -> Message:
        """Return the content of a length-delimited field as a message.

        Raises:
            LimitExceeded: messages are nested deeper than protobuf itself allows.
        """
        if field.depth >= DEPTH:
            raise LimitExceeded(
                "limit-protobuf-depth", f"messages nested deeper than {DEPTH}", field.start
            )
        return Message(field.start, field.end, field.depth + 1)

    def fields(self, message: Message, runs: tuple[int, ...] = ()) -> Iterator[Field]:
        """Yield the fields of a message in order.

        Args:
            message: what to walk.
            runs: numbers of repeated scalars nobody needs; of a row of them only the first counts.
        """
        position, end, depth = message
        while position < end:
            self._fields += 1
            if not self._fields & 0xFFF:
                self._check(position)
            begin = position
            tag, position = self.varint(position, end)
            number, wire = tag >> 3, tag & 7
            if not 0 < number < 1 << 29:
                raise MalformedInput("protobuf-tag", "a field has an impossible number", begin)
            if wire == BYTES:
                value, position = self.varint(position, end)
                following = position + value
            elif wire == VARINT:
                start = position
                value, following = self.varint(position, end)
                position = start
            elif wire in _WIDTHS:
                value, following = 0, position + _WIDTHS[wire]
            else:
                raise MalformedInput("protobuf-wire-type", f"wire type {wire} is not used", begin)
            if following > end:
                raise MalformedInput(
                    "protobuf-length", "a field is longer than the message around it", begin
                )
            yield Field(number, wire, value, position, following, depth)
            position = following
            if number in runs and position < end:
                position = self._after_run(position, end, tag)

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """Return the varint at `position` and where it ends."""
        window = self._window
        index = position - self._base
        if 0 <= index < len(window) and position < end and window[index] < 0x80:
            return window[index], position + 1
        if index < 0 or index + 10 > len(window):
            index = self._fill(position)
            window = self._window
        value = shift = 0
        for byte in window[index : index + min(10, end - position)]:
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & _MASK, position
            shift += 7
        raise MalformedInput("protobuf-varint", "a number does not end", position)

    def bytes_of(self, field: Field, limit: int) -> bytes:
        """Return the content of a field; at most `limit` bytes."""
        return self._take(field.start, min(field.size, limit))

    def text(self, field: Field, limit: int = 500) -> str:
        """Return the content of a field as text; at most `limit` bytes."""
        return self.bytes_of(field, limit).decode("utf-8", "backslashreplace")

    def numbers(self, field: Field, limit: int = 64) -> list[int]:
        """Return the numbers of a repeated varint field, packed or not; at most `limit`."""
        if field.wire == VARINT:
            return [signed(field.value)]
        found: list[int] = []
        position = field.start
        while field.wire == BYTES and position < field.end and len(found) < limit:
            value, position = self.varint(position, field.end)
            found.append(signed(value))
        return found

    def _take(self, position: int, count: int) -> bytes:
        index = position - self._base
        if index >= 0 and index + count <= len(self._window):
            return self._window[index : index + count]
        if count > _LARGE:
            return self._source.read_at(position, count)
        index = self._fill(position, count)
        return self._window[index : index + count]

    def _fill(self, position: int, count: int = 10) -> int:
        """Make the window hold `position`; return the index of that byte."""
        reached = self._base + len(self._window)
        index = position - self._base
        if index >= 0 and reached >= self._source.size:
            return index
        near = index >= 0 and position <= reached + _SMALL
        self._step = min(self._step * 2, _LARGE) if near else _SMALL
        self._window = self._source.read_at(position, max(self._step, count))
        self._base = position
        return 0

    def _check(self, position: int) -> None:
        self._budget.check_time()
        if self._fields > FIELDS:
            raise LimitExceeded(
                "limit-protobuf-fields", f"more than {FIELDS} protobuf fields", position
            )

    def _after_run(self, position: int, end: int, tag: int) -> int:
        """Return the position behind a row of fields that all begin with `tag`."""
        if tag >= 0x80 or tag & 7 == BYTES:
            return position
        while position < end:
            self._check(position)
            index = self._fill(position) if position < self._base else position - self._base
            if index + 16 > len(self._window):
                index = self._fill(position)
            chunk = self._window[index : index + end - position]
            found = _run(tag).match(chunk)
            if found is None or not found.end():
                return position
            position += found.end()
        return position


@cache
def _run(tag: int) -> re.Pattern[bytes]:
    width = _WIDTHS.get(tag & 7)
    # No possessive quantifiers: early versions of Python 3.11 match them wrongly, and there is
    # nothing to go back to, since each byte fits one part only.
    content = rb"[\x80-\xff]{0,9}[\x00-\x7f]" if width is None else b"[\\x00-\\xff]{%d}" % width
    return re.compile(b"(?:" + re.escape(bytes([tag])) + content + b")*", re.DOTALL)


def could_begin(head: bytes) -> bool:
    """Say whether the bytes begin with the tag of a field."""
    return len(head) >= 4 and head[0] >= 8 and head[0] & 7 in (VARINT, FIXED64, BYTES, FIXED32)


def signed(value: int) -> int:
    """Return a varint as the signed 64-bit number it stands for."""
    return value - (1 << 64) if value >> 63 else value
