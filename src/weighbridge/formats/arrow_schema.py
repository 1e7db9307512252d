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

from weighbridge.errors import ParseError
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
_IN_PARQUET = re.compile(rb"ARROW:schema[\x00-\xff]{1,12}?([A-Za-z0-9+/]{24,}={0,2})")
_CONTINUES = b"\xff\xff\xff\xff"
_MOST = 4 << 20
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
    for data, is_footer in _schemas(source, kind):
        if _PICKLED not in data:
            continue
        try:
            for name, pickle in _pickled(context, data, is_footer):
                if pickle in seen or len(seen) >= _TYPES:
                    continue
                seen.add(pickle)
                inner = place.inside(f"column {visible(name, 100)}", LOADERS, "literal")
                context.budget.take_payload(len(pickle))
                raw.parse(context.child(), BytesSource(pickle), inner)
        except ParseError as error:
            context.gap_from(place, kind, error)


def _schemas(source: Source, kind: str) -> Iterator[tuple[bytes, bool]]:
    """Yield the FlatBuffers that hold a schema, and whether each is a footer."""
    if kind == "parquet":
        footer = _tail(source, 8)
        for found in _IN_PARQUET.finditer(footer):
            try:
                yield _message(BytesSource(base64.b64decode(found[1])), 0), False
            except binascii.Error:
                continue
        return
    yield _message(source, 8 if kind == "arrow" else 0), False
    if kind == "arrow":
        yield _tail(source, 10), True


def _tail(source: Source, width: int) -> bytes:
    """Return what stands before the length and the magic number at the end of a file."""
    end = max(0, source.size - width)
    size = min(int.from_bytes(source.read_at(end, 4), "little"), _MOST, end)
    return source.read_at(end - size, size)


def _message(source: Source, begin: int) -> bytes:
    """Return the FlatBuffer of the message that begins there; before Arrow 0.15 without a mark."""
    head = source.read_at(begin, 8)
    width = 8 if head.startswith(_CONTINUES) else 4
    size = int.from_bytes(head[width - 4 : width], "little")
    return source.read_at(begin + width, min(size, _MOST))


def _pickled(context: Context, data: bytes, is_footer: bool) -> Iterator[tuple[str, bytes]]:
    """Yield name and pickle of each column of a pickled type, at any depth."""
    buffer = Buffer(BytesSource(data), context.budget)
    # Message.fbs: version, header_type, header. File.fbs (Footer): version, schema.
    schema = buffer.child(buffer.root(), 1 if is_footer else 2)
    pending = [] if schema is None else list(buffer.tables(schema, 1))
    seen = 0
    while pending and seen < _FIELDS:
        field = pending.pop()
        seen += 1
        pending.extend(buffer.tables(field, 5))
        about = {
            _bytes(buffer, pair, 0): _bytes(buffer, pair, 1) for pair in buffer.tables(field, 6)
        }
        if about.get(_NAME) == _PICKLED:
            yield _bytes(buffer, field, 0).decode("utf-8", "replace"), about.get(_DATA, b"")


def _bytes(buffer: Buffer, table: Table, number: int) -> bytes:
    start, count = buffer.vector(table, number, 1)
    return buffer.bytes_at(start, count) if count else b""
