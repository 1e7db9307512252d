"""GGUF, versions 1 to 3, little- and big-endian (``docs/gguf.md`` in the ggml repository).

Layout: ``GGUF``, u32 version, counts of tensors and of key-value pairs (u32 in version 1, u64
since), the pairs, the tensor entries, then, aligned, the tensor data, which is not read.
"""

from __future__ import annotations

from typing import Literal

from weighbridge.errors import Unsupported
from weighbridge.formats.context import Context, Place
from weighbridge.formats.gguf.cursor import Cursor
from weighbridge.formats.gguf.metadata import PairReader, Values
from weighbridge.formats.gguf.oddities import NAME as NAME
from weighbridge.formats.gguf.oddities import Oddities
from weighbridge.formats.gguf.tensors import TensorReader
from weighbridge.sources.base import Source

_MAGIC = b"GGUF"
_VERSIONS = (1, 2, 3)
_LATER = range(4, 64)
# Loaders multiply the counts by the size of an entry in memory, which is at least this.
_ENTRY = 48
_WIDE = 1 << 64
_ABSURD = 10_000_000


def claims(_source: Source, head: bytes) -> bool:
    """Say whether the bytes begin like a GGUF file of a version that could be."""
    if head[:4] != _MAGIC or len(head) < 8:
        return False
    versions = (int.from_bytes(head[4:8], "little"), int.from_bytes(head[4:8], "big"))
    return any(version in _VERSIONS or version in _LATER for version in versions)


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine header, pairs and tensor entries; the data is opaque when they account for it."""
    head = source.read_at(4, 4)
    order: Literal["little", "big"] = "little"
    version = int.from_bytes(head, "little")
    if version not in _VERSIONS and version not in _LATER:
        order, version = "big", int.from_bytes(head, "big")
    if version in _LATER:
        context.format(place, NAME, source.size, version=version)
        raise Unsupported("unsupported-version", f"GGUF version {version} is not known", 4)
    cursor = Cursor(source, 8, order, context.budget.check_time)
    odd = Oddities(context, place)
    width = 4 if version == 1 else 8
    values: Values | None = None
    counts: dict[str, int] = {}
    try:
        for what in ("tensors", "keys"):
            counts[what] = _count(cursor, width, what, odd)
        values = PairReader(context, place, cursor, width, odd).read(counts["keys"])
        tensors = TensorReader(context, place, cursor, width, odd)
        tensors.read(counts["tensors"], values.alignment)
        tensors.judge(source)
    finally:
        texts = {} if values is None else values.texts
        context.format(
            place,
            NAME,
            source.size,
            version=version,
            byte_order=order,
            architecture=_short(texts.get("general.architecture")),
            **counts,
        )
    return True


def _short(text: str | None) -> str | None:
    return None if text is None else text[:80]


def _count(cursor: Cursor, width: int, what: str, odd: Oddities) -> int:
    at = cursor.at
    count = cursor.number(width)
    if count * _ENTRY >= _WIDE:
        text = f"the header declares {count} {what}; their size in memory overflows 64 bits"
        odd.add("gguf-count-overflow", text, at)
    elif count > _ABSURD:
        text = f"the header declares {count} {what}"
        odd.add("gguf-count", text, at)
    return count
