"""MessagePack, as Flax writes weights (MessagePack specification; flax.serialization).

One value, most often a map: type bytes, with the length in the byte or behind it. Flax puts arrays
into extensions: 1 an array (shape, type, bytes), 2 a complex number, 3 a numpy scalar. spaCy writes
the rows of vectors as a map of numbers. Nothing of that is code. msgpack-numpy writes an array as a
map of ``nd``, ``type``, ``kind``, ``shape`` and ``data``, and unpickles the data where the kind is
``O`` (msgpack_numpy.py, decode), so then all data is examined. Sizes are checked before they are
used, and nesting costs no stack.
"""

from __future__ import annotations

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "msgpack"
MOST_VALUES = 20_000_000
DEEPEST = 512
_FLAX = frozenset({1, 2, 3})
_CHECK_EVERY = 4_096
_OBJECTS = b"O"
_SHORT = 8
_MOST_ARRAYS = 1_000
_LOADERS = ("msgpack_numpy.decode",)
_LEAST_LIST = 16
"""A few bytes are a list by chance: those of `\\x93NUM` are one of three numbers."""
_WINDOW = 1 << 16
# Type byte: bytes of the length behind it, for strings, binaries and extensions.
_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_EXTENDED = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSION = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_COUNTED = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
_PLAIN = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8,
    0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins as a map whose first key is a text or a long number, or as a list."""
    if _is_list(head):
        return source.size >= _LEAST_LIST
    if _is_numbered(head):
        return True
    if not head or not (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
        return False
    at = {0xDE: 3, 0xDF: 5}.get(head[0], 1)
    key = head[at : at + 1]
    if not key:
        return False
    if 0xA1 <= key[0] <= 0xBF:
        text = head[at + 1 : at + 1 + key[0] - 0xA0]
    elif key[0] == 0xD9:
        text = head[at + 2 : at + 2 + head[at + 1]] if len(head) > at + 1 else b""
    else:
        return False
    return text.isascii() and bool(text) and text.decode("ascii").isprintable()


def parse(context: Context, source: Source, place: Place) -> bool:
    """Follow the structure to its end.

    Raises:
        MalformedInput: a length does not fit, or a type byte is unknown.
        LimitExceeded: there are more values, or deeper ones, than are followed.
    """
    walk = _Walk(context, source)
    head = source.read_at(0, 8)
    listed = _is_list(head) or _is_numbered(head)
    try:
        end = walk.run()
    except MalformedInput:
        if listed:
            return False
        raise
    if listed and end != source.size:
        return False  # So little marks it that only all of it tells.
    context.format(place, NAME, source.size, values=walk.values)
    unknown = sorted(walk.extensions - _FLAX)
    if unknown:
        text = f"extensions of MessagePack that Flax does not know: {unknown[:8]}"
        context.note(place, "msgpack-extension", text)
    if walk.objects:
        if walk.more_arrays:
            text = f"more than {_MOST_ARRAYS} arrays, of which some are unpickled"
            context.gap(place, NAME, "limit-msgpack-arrays", text)
        for start, stop in walk.arrays:
            inner = place.inside("data", _LOADERS, "array")
            context.walk(context.child(), SliceSource(source, start, stop - start), inner)
    if end < source.size:
        trailing(context, source, place, NAME, end)
    return True


def _is_list(head: bytes) -> bool:
    return bool(head) and (0x91 <= head[0] <= 0x9F or head[0] in (0xDC, 0xDD))


def _is_numbered(head: bytes) -> bool:
    """Say whether it begins as a map whose first key is a number of eight bytes."""
    at = {0xDE: 3, 0xDF: 5}.get(head[0], 1) if head else 0
    key = head[at : at + 1]
    return bool(head) and (0x81 <= head[0] <= 0x8F or at > 1) and key in (b"\xcb", b"\xcf")


class _Walk:
    def __init__(self, context: Context, source: Source) -> None:
        self._context = context
        self._source = source
        self._base = 0
        self._window = b""
        self.values = 0
        self.extensions: set[int] = set()
        self.arrays: list[tuple[int, int]] = []
        self.more_arrays = False
        self.objects = False
        self._key = b""

    def run(self) -> int:
        """Return where the first value ends."""
        offset, open_ = 0, [1]
        while open_:
            open_[-1] -= 1
            offset, inside = self._value(offset)
            while open_ and not open_[-1]:
                open_.pop()
            if inside:
                open_.append(inside)
            if len(open_) > DEEPEST:
                raise LimitExceeded("limit-msgpack-depth", "nested too deeply", offset)
        return offset

    def _value(self, offset: int) -> tuple[int, int]:
        """Return where a value's own bytes end, and how many values stand inside it."""
        self.values += 1
        if not self.values % _CHECK_EVERY:
            self._context.budget.check_time()
        if self.values > MOST_VALUES:
            raise LimitExceeded("limit-msgpack-values", f"more than {MOST_VALUES} values", offset)
        kind = self._number(offset, 1)
        if kind < 0x80 or kind >= 0xE0:
            return offset + 1, 0
        if kind < 0xA0:
            return offset + 1, (kind & 0x0F) * (2 if kind < 0x90 else 1)
        if kind < 0xC0:
            return self._text(offset, offset + 1, kind & 0x1F), 0
        return self._long(kind, offset)

    def _long(self, kind: int, offset: int) -> tuple[int, int]:
        at = offset + 1
        if kind in _COUNTED:
            width, each = _COUNTED[kind]
            count = self._number(at, width) * each
            self._fits(offset, at + width + count)
            return at + width, count
        if kind in _PLAIN:
            return self._fits(offset, at + _PLAIN[kind]), 0
        if kind in _SIZED:
            width = _SIZED[kind]
            return self._text(offset, at + width, self._number(at, width)), 0
        if kind in _EXTENDED:
            width = _EXTENDED[kind]
            self.extensions.add(self._number(at + width, 1))
            return self._fits(offset, at + width + 1 + self._number(at, width)), 0
        if kind in _FIXED_EXTENSION:
            self.extensions.add(self._number(at, 1))
            return self._fits(offset, at + 1 + _FIXED_EXTENSION[kind]), 0
        raise MalformedInput("msgpack-type", f"there is no type {kind:#x}", offset)

    def _text(self, offset: int, start: int, size: int) -> int:
        """Return where a text or a row of bytes ends; keep what stands for an array."""
        end = self._fits(offset, start + size)
        key, self._key = self._key, b""
        if key == b"data" and len(self.arrays) == _MOST_ARRAYS:
            self.more_arrays = True
        elif key == b"data":
            self.arrays.append((start, end))
        elif size <= _SHORT:
            self._key = self._short(start, size)
            self.objects |= key == b"kind" and self._key == _OBJECTS
        return end

    def _short(self, offset: int, size: int) -> bytes:
        self._number(offset, size)  # Moves the window.
        return self._window[offset - self._base : offset - self._base + size]

    def _fits(self, offset: int, end: int) -> int:
        if end > self._source.size:
            raise MalformedInput("msgpack-length", "a length leads out of the file", offset)
        return end

    def _number(self, offset: int, width: int) -> int:
        self._fits(offset, offset + width)
        begin = offset - self._base
        if begin < 0 or begin + width > len(self._window):
            self._base, begin = offset, 0
            self._window = self._source.read_at(offset, _WINDOW)
        return int.from_bytes(self._window[begin : begin + width], "big")
