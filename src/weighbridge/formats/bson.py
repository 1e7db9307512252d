"""BSON documents (bsonspec.org, version 1.1), as MongoDB dumps them and BSON.jl saves models.

::

    document  length of the whole (int32), elements, a zero
    element   type (1 byte), name up to a zero, value

A file is one document behind the other. BSON.jl reads up to the zero that ends a document and looks
at no length (read.jl, parse_doc), so the walk does too, and a length that says otherwise is stated.
Nesting costs no stack. What BSON.jl makes of a document is in :mod:`.julia_objects`.
"""

from __future__ import annotations

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.julia_objects import Collector
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source

NAME = "bson"
MOST_ELEMENTS = 5_000_000
DEEPEST = 400
_LEAST = 5
_NAME_MOST = 1_024
_KEPT = 256
_WINDOW = 1 << 16
_CHECK_EVERY = 4_096
_STRING, _DOCUMENT, _ARRAY, _BINARY = 2, 3, 4, 5
_REGEX, _POINTER, _CODE, _SYMBOL, _SCOPED = 11, 12, 13, 14, 15
_FIXED = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 0x7F: 0, 0xFF: 0}
_TYPES = frozenset({*_FIXED, 2, 3, 4, 5, 11, 12, 13, 14, 15})
_SERIALIZED = b"7JL"
"""How the standard library of Julia begins what it serialised (Serialization.jl, writeheader)."""


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with a length that fits, and an element with a name of text."""
    size = int.from_bytes(head[:4], "little")
    if not _LEAST < size <= source.size or head[4:5] == b"" or head[4] not in _TYPES:
        return False
    name, end, _ = head[5:].partition(b"\0")
    return bool(end) and name.isascii() and name.decode("ascii").isprintable()


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the documents; False when the first is none.

    Raises:
        LimitExceeded: there are more elements, or deeper ones, than are followed.
    """
    walk = _Walk(context, source)
    end = 0
    broken: MalformedInput | None = None
    while end < source.size:
        try:
            end = walk.document(end)
        except MalformedInput as error:
            broken = error
            break
        if not walk.objects.tagged and walk.disagrees is not None:
            break
    # Numbers look like a document by chance; the length of one that stands by itself has to agree.
    if not walk.objects.tagged and (not end or walk.first_disagrees):
        return False
    context.format(place, NAME, source.size, documents=walk.documents)
    walk.objects.tally.state(context, place)
    if walk.serialized is not None:
        text = "it holds objects that Julia serialised, which can be code; they are not read"
        context.gap(place, NAME, "unsupported-julia-serialization", text, walk.serialized)
    if walk.disagrees is not None:
        text = "a document states another length than it has"
        context.gap(place, NAME, "malformed-bson-length", text, walk.disagrees)
    # Programs keep what they pickled in fields of bytes.
    hidden.search(context, source, place, 0)
    if broken is not None and not end:
        context.gap_from(place, NAME, broken)
    elif end < source.size:
        trailing(context, source, place, NAME, end)
    return True


class _Walk:
    """Reads documents; keeps where the first fault of each kind stands."""

    def __init__(self, context: Context, source: Source) -> None:
        self._budget = context.budget
        self._source = source
        self._base = 0
        self._window = b""
        self._elements = 0
        self.objects = Collector(NAME)
        self.documents = 0
        self.serialized: int | None = None
        self.disagrees: int | None = None

    @property
    def first_disagrees(self) -> bool:
        """Say whether no document stands whose length agrees before one whose does not."""
        return self.disagrees is not None and self.documents <= 1

    def document(self, start: int) -> int:
        """Return where the document ends that begins at `start`."""
        ends = [start + self._length(start, start)]
        offset = start + 4
        self.objects.open(start, "", array=False)
        while ends:
            kind = self._number(offset, 1)
            if not kind:
                offset += 1
                self._close(ends.pop(), offset)
                continue
            name, offset = self._text(offset + 1)
            offset = self._value(kind, name, offset, ends)
        self.documents += 1
        return offset

    def _close(self, stated: int, offset: int) -> None:
        if stated != offset and self.disagrees is None:
            self.disagrees = offset
        self.objects.close()

    def _value(self, kind: int, name: bytes, at: int, ends: list[int]) -> int:
        """Return where a value ends, or its first element begins."""
        self._count(at)
        if kind in _FIXED:
            return self._fits(at, at + _FIXED[kind])
        if kind in (_DOCUMENT, _ARRAY):
            if len(ends) >= DEEPEST:
                raise LimitExceeded("limit-bson-depth", "nested too deeply", at)
            ends.append(at + self._length(at, at))
            self.objects.open(at, name.decode("utf-8", "replace"), array=kind == _ARRAY)
            return at + 4
        if kind == _BINARY:
            return self._binary(at)
        if kind == _REGEX:
            return self._text(self._text(at)[1])[1]
        if kind == _SCOPED:
            return self._scoped(name, at, ends)
        if kind in (_STRING, _SYMBOL, _CODE, _POINTER):
            if kind == _CODE:
                self.objects.script(at)
            end = self._string(at)
            if kind == _STRING and end - at - 5 <= _KEPT:
                text = self._bytes(at + 4, end - at - 5).decode("utf-8", "replace")
                self.objects.text(name.decode("utf-8", "replace"), text)
            return self._fits(at, end + (12 if kind == _POINTER else 0))
        raise MalformedInput("bson-type", f"there is no type {kind}", at)

    def _scoped(self, name: bytes, at: int, ends: list[int]) -> int:
        """Code, and a document of its variables; one length counts both."""
        self.objects.script(at)
        scope = self._string(at + 4)
        end = scope + self._length(scope, at)
        if at + self._number(at, 4) != end and self.disagrees is None:
            self.disagrees = at
        ends.append(end)
        self.objects.open(scope, name.decode("utf-8", "replace"), array=False)
        return scope + 4

    def _binary(self, at: int) -> int:
        size = self._number(at, 4)
        end = self._fits(at, at + 5 + size)
        if size > len(_SERIALIZED) and self._bytes(at + 5, 3) == _SERIALIZED:
            self.serialized = at if self.serialized is None else self.serialized
        return end

    def _string(self, at: int) -> int:
        """Return where a text ends; its length counts the zero behind it."""
        size = self._number(at, 4)
        end = self._fits(at, at + 4 + size)
        if not size or self._number(end - 1, 1):
            raise MalformedInput("bson-text", "a text does not end where it says", at)
        return end

    def _length(self, at: int, offset: int) -> int:
        size = self._number(at, 4)
        if size < _LEAST:
            raise MalformedInput("bson-length", f"a document of {size} bytes", offset)
        return size

    def _count(self, at: int) -> None:
        self._elements += 1
        if not self._elements % _CHECK_EVERY:
            self._budget.check_time()
        if self._elements > MOST_ELEMENTS:
            raise LimitExceeded("limit-bson", f"more than {MOST_ELEMENTS} elements", at)

    def _text(self, at: int) -> tuple[bytes, int]:
        """Return a text that ends with a zero, and what is behind it."""
        piece = self._bytes(at, min(_NAME_MOST, self._source.size - at))
        text, zero, _ = piece.partition(b"\0")
        if not zero:
            raise MalformedInput("bson-name", "a name does not end", at)
        return text, at + len(text) + 1

    def _fits(self, offset: int, end: int) -> int:
        if end > self._source.size:
            raise MalformedInput("bson-length", "a length leads out of the file", offset)
        return end

    def _number(self, offset: int, width: int) -> int:
        return int.from_bytes(self._bytes(offset, width), "little")

    def _bytes(self, offset: int, width: int) -> bytes:
        self._fits(offset, offset + width)
        begin = offset - self._base
        if begin < 0 or begin + width > len(self._window):
            self._base, begin = offset, 0
            self._window = self._source.read_at(offset, max(_WINDOW, width))
        return self._window[begin : begin + width]
