"""Types of columns that are pickles, in tables of Arrow and Parquet.

A column of the type ``arrow.py_extension_type`` brings its Python type as a pickle, which pyarrow
before 14.0.1 unpickled when it read the schema (CVE-2023-47248; later versions on request). The
schema is a FlatBuffer (Schema.fbs): the first message of a stream, once more in the footer of a
file, and as base64 under ``ARROW:schema`` in the footer of Parquet.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.flatbuffers import Buffer, Table
from weighbridge.formats.pickle import raw
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource
from weighbridge.text.escaping import visible

LOADERS = ("pyarrow.ipc.open_file", "pyarrow.parquet.read_table", "datasets.load_dataset")
KINDS = ("arrow", "arrow-stream", "parquet")
_PICKLED = b"arrow.py_extension_type"
_NAME, _DATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
# Of a KeyValue of Parquet, in Thrift's compact form: the key, then the second field, which is text.
_IN_PARQUET = re.compile(rb"ARROW:schema(?:\x18|\x08\x04)([\x80-\xff]{0,4}[\x00-\x7f])")
# The name of the type in base64, at each of the three places in which it can stand there.
_IN_BASE64 = tuple(base64.b64encode(bytes(shift) + _PICKLED)[4:-4] for shift in range(3))
_CONTINUES = b"\xff\xff\xff\xff"
_MOST = 16 << 20
_FIELDS = 20_000
_TYPES = 100


def read_types(context: Context, source: Source, place: Place, kind: str) -> None:
    """Follow the pickles of a table's types.

    Args:
        context: where facts go.
        source: the table.
        place: where it stands.
        kind: of `KINDS`.
    """
    seen: set[bytes] = set()
    try:
        for data, is_footer in _schemas(source, kind):
            if _PICKLED not in data:
                continue
            for name, pickle in _pickled(context, data, is_footer):
                if pickle in seen:
                    continue
                if len(seen) == _TYPES:
                    raise LimitExceeded("limit-schema", f"more than {_TYPES} types are pickles")
                seen.add(pickle)
                inner = place.inside(f"column {visible(name, 100)}", LOADERS, "literal")
                context.budget.take_payload(len(pickle))
                raw.parse(context.child(), BytesSource(pickle), inner)
    except ParseError as error:
        context.gap_from(place, kind, error)


def _schemas(source: Source, kind: str) -> Iterator[tuple[bytes, bool]]:
    """Yield the FlatBuffers that hold a schema, and whether each is a footer."""
    if kind == "parquet":
        yield from _in_parquet(_tail(source, 8))
        return
    yield _message(source, 8 if kind == "arrow" else 0), False
    if kind == "arrow":
        yield _tail(source, 10), True


def _in_parquet(footer: bytes) -> Iterator[tuple[bytes, bool]]:
    named = False
    for found in _IN_PARQUET.finditer(footer):
        size = sum((byte & 0x7F) << 7 * index for index, byte in enumerate(found[1]))
        try:
            data = base64.b64decode(footer[found.end() : found.end() + size])
        except binascii.Error as error:
            raise MalformedInput("schema-base64", "a schema is no base64", 0) from error
        schema = _message(BytesSource(data), 0)
        named = named or _PICKLED in schema
        yield schema, False
    if not named and any(word in footer for word in _IN_BASE64):
        raise MalformedInput("schema-place", "a pickled type stands where no writer puts it", 0)


def _tail(source: Source, width: int) -> bytes:
    """Return what stands before the length and the magic number at the end of a file."""
    end = max(0, source.size - width)
    size = min(int.from_bytes(source.read_at(end, 4), "little"), end)
    return source.read_at(end - size, _bounded(size))


def _message(source: Source, begin: int) -> bytes:
    """Return the FlatBuffer of the message that begins there; before Arrow 0.15 without a mark."""
    head = source.read_at(begin, 8)
    width = 8 if head.startswith(_CONTINUES) else 4
    size = int.from_bytes(head[width - 4 : width], "little")
    return source.read_at(begin + width, _bounded(min(size, source.size)))


def _bounded(size: int) -> int:
    if size > _MOST:
        raise LimitExceeded("limit-schema", f"a schema of {size} bytes is too long to be read")
    return size


def _pickled(context: Context, data: bytes, is_footer: bool) -> Iterator[tuple[str, bytes]]:
    """Yield name and pickle of each column of a pickled type, at any depth."""
    buffer = Buffer(BytesSource(data), context.budget)
    # Message.fbs: version, header_type, header. File.fbs (Footer): version, schema.
    schema = buffer.child(buffer.root(), 1 if is_footer else 2)
    pending = [] if schema is None else list(buffer.tables(schema, 1))
    seen = 0
    while pending:
        seen += 1
        if seen > _FIELDS:
            raise LimitExceeded("limit-schema", f"more than {_FIELDS} columns")
        field = pending.pop()
        pending.extend(buffer.tables(field, 5))
        # Of a key that stands there twice readers take the first or the last.
        pairs = buffer.tables(field, 6)
        about = [(_bytes(buffer, pair, 0), _bytes(buffer, pair, 1)) for pair in pairs]
        if (_NAME, _PICKLED) in about:
            name = _bytes(buffer, field, 0).decode("utf-8", "replace")
            yield from ((name, value) for key, value in about if key == _DATA)


def _bytes(buffer: Buffer, table: Table, number: int) -> bytes:
    start, count = buffer.vector(table, number, 1)
    return buffer.bytes_at(start, count) if count else b""
