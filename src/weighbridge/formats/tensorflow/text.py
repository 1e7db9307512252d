"""Graphs as protobuf text: ``saved_model.pbtxt``, ``graph.pbtxt`` and their kin.

Written by tf.io.write_graph(as_text=True) and by builders with as_text; the grammar is
protobuf.dev/reference/protobuf/textformat-spec. The text is turned into the binary form, as far as
fields matter here, and that is examined like any other file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.tensorflow import model
from weighbridge.formats.tensorflow.schema import SCHEMAS, Kind, Schema
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource
from weighbridge.text.decoding import text_of

NAME = "tensorflow-text"
_LIMIT = 64 << 20
_WINDOW = 1 << 20
_DEPTH = 100
_CHECK_EVERY = 20_000
_LONGEST = 40
_SKIPPED = re.compile(rb"(?:[\s,;]|#[^\n]*+)*+")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_TOKEN = re.compile(
    r"""(?:[\s,;]|\#[^\n]*)*+(?:
    (?P<name>[A-Za-z_][\w.]*) | (?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')
    | (?P<mark>[{}<>\[\]:/]) | (?P<number>[-+.0-9][\w.+-]*) | (?P<end>\Z) )""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(rb"\\(?:[xX]([0-9A-Fa-f]{1,2})|([0-7]{1,3})|([\x00-\xff]))")
_LETTERS = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
}  # fmt: skip
_ROOTS = ("SavedModel", "MetaGraphDef", "GraphDef")
_FIRST = frozenset(name for root in _ROOTS for name in SCHEMAS[root])


class _Token(NamedTuple):
    kind: str
    text: str
    offset: int


def claims(source: Source, head: bytes) -> bool:
    """Say whether the first word behind comments is a field that a graph can begin with."""
    offset = 0
    comment = False
    while offset < source.size:
        chunk = source.read_at(offset, _WINDOW) if offset else head
        found = _SKIPPED.match(b"#" + chunk if comment else chunk)
        skipped = (found.end() if found is not None else 0) - comment
        if skipped < len(chunk) - _LONGEST or offset + len(chunk) >= source.size:
            word = _WORD.match(source.read_at(offset + skipped, _LONGEST + 1))
            return word is not None and word[0].decode() in _FIRST
        lines = chunk.rpartition(b"\n")[2]
        comment = lines.lstrip().startswith(b"#") or (comment and lines == chunk)
        offset += len(chunk)
    return False


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the text; False when it is not the text of a graph."""
    if source.size > _LIMIT:
        raise LimitExceeded("limit-text-graph", f"a text graph of more than {_LIMIT} bytes")
    text = text_of(source, _LIMIT)
    if text is None:
        return False
    for root in _ROOTS:
        try:
            data = _Encoder(text, context.budget).message(SCHEMAS[root], 0)
        except MalformedInput:
            continue
        if data and model.examine(context, BytesSource(data), place, source.size):
            return True
    return False


class _Encoder:
    """Reads text and writes the binary form of the fields that a schema has."""

    def __init__(self, text: str, budget: Budget) -> None:
        self._tokens = self._read(text, budget)
        self._next = next(self._tokens)

    def _read(self, text: str, budget: Budget) -> Iterator[_Token]:
        position = count = 0
        while True:
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                raise MalformedInput("text-graph", "this is no protobuf text", position)
            count += 1
            if count % _CHECK_EVERY == 0:
                budget.check_time()
            yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
            position = found.end()

    def _take(self) -> _Token:
        token = self._next
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def message(self, schema: Schema | None, depth: int, close: str = "") -> bytes:
        """Return the binary form of the fields up to `close`."""
        if depth > _DEPTH:
            raise LimitExceeded("limit-depth", "the text is nested too deeply", self._next.offset)
        out = bytearray()
        known = 0
        while True:
            token = self._take()
            if token.text == close and token.kind in ("mark", "end"):
                if not depth and not known:
                    raise MalformedInput("text-graph", "no field is known", token.offset)
                return bytes(out)
            name = self._field_name(token)
            field = schema.get(name) if schema is not None else None
            if not depth and schema is not None and field is None:
                raise MalformedInput("text-graph", f"no field {name[:40]!r}", token.offset)
            known += field is not None
            out += self._values(field, depth)

    def _field_name(self, token: _Token) -> str:
        if token.kind == "name":
            return token.text
        if token.text == "[":
            parts = ["["]
            while parts[-1] != "]" and self._next.kind != "end" and len(parts) < 100:
                parts.append(self._take().text)
            return "".join(parts)
        raise MalformedInput("text-graph", "a field has no name", token.offset)

    def _values(self, field: tuple[int, Kind] | None, depth: int) -> bytes:
        if self._next.text == ":" and self._next.kind == "mark":
            self._take()
        if not (self._next.text == "[" and self._next.kind == "mark"):
            return self._value(field, depth)
        self._take()
        out = b""
        while not (self._next.text == "]" and self._next.kind == "mark"):
            out += self._value(field, depth)
        self._take()
        return out

    def _value(self, field: tuple[int, Kind] | None, depth: int) -> bytes:
        number, kind = field if field is not None else (0, None)
        token = self._take()
        if token.kind == "mark" and token.text in "{<":
            schema = SCHEMAS.get(kind) if isinstance(kind, str) else None
            content = self.message(schema, depth + 1, "}" if token.text == "{" else ">")
            return _block(number, content) if field is not None and schema is not None else b""
        if token.kind == "text":
            content = _unescaped(token)
            while self._next.kind == "text":
                content += _unescaped(self._take())
            return _block(number, content) if kind is bytes else b""
        if token.kind in ("name", "number"):
            return _varint(number << 3) + _varint(_number(token)) if kind is int else b""
        raise MalformedInput("text-graph", "a field has no value", token.offset)


def _unescaped(token: _Token) -> bytes:
    raw = token.text[1:-1].encode("utf-8", "surrogatepass")
    return _ESCAPE.sub(_escaped, raw) if b"\\" in raw else raw


def _escaped(found: re.Match[bytes]) -> bytes:
    digits, octal, letter = found.groups()
    if digits is not None:
        return bytes([int(digits, 16)])
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    return _LETTERS.get(letter, letter)


def _number(token: _Token) -> int:
    if token.kind == "name":
        return 7 if token.text == "DT_STRING" else 1
    try:
        return int(token.text[:20], 0)
    except ValueError:
        return 0


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _block(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content
