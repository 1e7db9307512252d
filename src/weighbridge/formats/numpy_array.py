r"""NumPy arrays, ``.npy`` (numpy/lib/format.py; NEP 1).

Layout: ``\x93NUMPY``, major, minor, header length (2 bytes little-endian for version 1, 4 for 2 and
3), then a Python dict literal with exactly ``descr``, ``fortran_order`` and ``shape``, then the
items: raw for ordinary types, one pickle when the type holds objects anywhere.
"""

from __future__ import annotations

import ast
import struct

from weighbridge.errors import MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.joblib_arrays import type_size
from weighbridge.formats.pickle import analysis, raw
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "npy"
MAGIC = b"\x93NUMPY"
# numpy refuses more than 10,000 by default (CVE-2019-6446 hardening); larger ones are abnormal.
HEADER_LIMIT = 64 * 1024
_LOADERS = ("numpy.load(allow_pickle=True)",)


def claims(source: Source, head: bytes) -> bool:
    """Say whether the bytes begin like an array file."""
    return head.startswith(MAGIC)


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine one array; the pickle of an object array is run."""
    descr, shape, start = _header(source)
    size, objects = _item_size(descr, 0)
    context.format(place, NAME, source.size, descr=str(descr)[:80])
    if objects:
        body = SliceSource(source, start, source.size - start)
        inner = Place(place.member, _LOADERS, "array")
        trace = raw.trace_at(context, body, 0, inner)
        analysis.emit(context, trace, body, inner)
        raw.parse_rest(context, body, inner, trace)
        return True
    count = 1
    for extent in shape:
        count *= extent
    expected = start + count * size
    if expected > source.size:
        text = f"the header promises {expected} bytes, the file has {source.size}"
        context.gap(place, NAME, "malformed-truncated", text, source.size, carries_code=False)
    elif expected < source.size:
        trailing(context, source, place, NAME, expected)
    return True


def trailing(context: Context, source: Source, place: Place, name: str, start: int) -> None:
    """Bytes behind the last item belong to nothing: look for streams, and say so."""
    if raw.is_padding(context, source, start):
        return
    text = f"{source.size - start} bytes follow the data and belong to nothing"
    context.anomaly(place, name, "trailing-bytes", text, start)
    rest = SliceSource(source, start, source.size - start)
    if context.walk(context.child(), rest, place.inside("trailing", origin="hidden")) is None:
        raw.hidden_streams(context, source, place, start)
        context.gap(place, name, "malformed-trailing-bytes", text, start)


def _header(source: Source) -> tuple[object, tuple[int, ...], int]:
    """Return the type, the shape and where the data begins."""
    head = source.read_at(0, 12)
    if len(head) < 10 or head[6] not in (1, 2, 3):
        raise MalformedInput("npy-version", "the array file has no known version", 6)
    width, start = (2, 10) if head[6] == 1 else (4, 12)
    length = int.from_bytes(head[8 : 8 + width], "little")
    if length > HEADER_LIMIT or start + length > source.size:
        raise MalformedInput("npy-header-length", f"the header claims {length} bytes", 8)
    text = source.read_at(start, length).decode("utf-8" if head[6] == 3 else "latin-1", "replace")
    try:
        fields = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, struct.error) as error:
        raise MalformedInput("npy-header", "the header is no Python literal", start) from error
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise MalformedInput("npy-header", "the header lacks descr, fortran_order or shape", start)
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise MalformedInput("npy-shape", "the shape is no tuple of counts", start)
    return fields["descr"], shape, start + length


def _item_size(descr: object, depth: int) -> tuple[int, bool]:
    """Return bytes per item and whether objects are in it; fields and subarrays are followed."""
    if depth > 16:
        raise MalformedInput("npy-descr", "the type is nested too deeply")
    if isinstance(descr, str):
        size, objects = type_size(descr)
        if size is None:
            raise MalformedInput("npy-descr", "the type is not one that NumPy writes")
        return size, objects
    if isinstance(descr, list):
        total, objects = 0, False
        for item in descr:
            if not isinstance(item, tuple) or len(item) not in (2, 3):
                raise MalformedInput("npy-descr", "a field is no (name, type) pair")
            size, inner = _item_size(item[1], depth + 1)
            total += size * _product(item[2] if len(item) == 3 else ())
            objects = objects or inner
        return total, objects
    if isinstance(descr, tuple) and len(descr) == 2:
        size, objects = _item_size(descr[0], depth + 1)
        return size * _product(descr[1]), objects
    raise MalformedInput("npy-descr", "the type is not one that NumPy writes")


def _product(shape: object) -> int:
    extents = (shape,) if isinstance(shape, int) else shape
    if not isinstance(extents, tuple) or not all(type(n) is int and n >= 0 for n in extents):
        raise MalformedInput("npy-descr", "a field's shape is no tuple of counts")
    total = 1
    for extent in extents:
        total *= extent
    return total
