"""safetensors (github.com/huggingface/safetensors, format section of its README).

Layout: u64 little-endian header length N, N bytes of JSON (an object, padded with spaces at its
end), then the data: tensors without holes or overlaps up to the end of the file. The reference
reader enforces all of it; whatever it would refuse is an anomaly here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source
from weighbridge.text.json_text import loads
from weighbridge.text.secrets import mask

NAME = "safetensors"
HEADER_LIMIT = 100_000_000
# What the reference reader accepts is more than any model needs: 60,000 tensors take 9 MB.
READ_LIMIT = 32 << 20
_BITS = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "F4": 4,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "I64": 64,
    "U64": 64,
    "F64": 64,
    "C64": 64,
}
_TARGET = re.compile(r"_target_[\"']?\s*[:=]\s*[\"']?([A-Za-z_][\w.]{0,200})", re.ASCII)
_METADATA_SHOWN = 200
_VALUE_SHOWN = 2000


def claims(source: Source, head: bytes) -> bool:
    """Say whether the bytes begin with a plausible header length and an object."""
    if len(head) < 10:
        return False
    length = int.from_bytes(head[:8], "little")
    return 2 <= length <= HEADER_LIMIT and head[8:9] == b"{" and length + 8 <= source.size


class _DuplicateKeys(list[str]):
    """Names that one object holds twice; the reference reader takes the last."""

    def pairs(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            self.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return result


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the header; the data is opaque by construction when the header holds."""
    length = int.from_bytes(source.read_at(0, 8), "little")
    duplicates = _DuplicateKeys()
    if length > READ_LIMIT:
        raise LimitExceeded("limit-header", f"a header of {length} bytes is not read", 0)
    header = loads(source.read_at(8, length), "safetensors-header", 8, duplicates.pairs)
    if not isinstance(header, dict):
        raise MalformedInput("safetensors-header", "the header is no JSON object", 8)
    metadata = header.pop("__metadata__", None)
    context.format(place, NAME, source.size, tensors=len(header))
    for key in duplicates[:10]:
        text = f"the key {key[:80]!r} appears twice; readers may disagree on which counts"
        context.anomaly(place, NAME, "safetensors-duplicate-key", text, 8)
    _metadata(context, place, metadata)
    end = _layout(context, place, header, source.size - 8 - length)
    if end is not None and 8 + length + end < source.size:
        trailing(context, source, place, NAME, 8 + length + end)
    return True


def _metadata(context: Context, place: Place, metadata: object) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        text = "__metadata__ is not a map of strings to strings"
        context.anomaly(place, NAME, "safetensors-metadata", text, 8)
        return
    for key, value in list(metadata.items())[:_METADATA_SHOWN]:
        context.metadata(place, NAME, key[:200], mask(value[:_VALUE_SHOWN]))
    # Hydra-style libraries build whatever a configuration in the metadata names.
    found = {name for value in metadata.values() for name in _TARGET.findall(value)}
    for name in sorted(found)[:_METADATA_SHOWN]:
        context.metadata(place, NAME, "_target_", name)


def _layout(
    context: Context, place: Place, tensors: dict[str, object], data_size: int
) -> int | None:
    """Check spans against shapes and each other; return where the last one ends."""
    spans = []
    for name, entry in tensors.items():
        span = _span(entry)
        if span is None:
            text = f"tensor {name[:80]!r} has no valid dtype, shape and data_offsets"
            context.anomaly(place, NAME, "safetensors-tensor", text, 8)
            context.gap(place, NAME, "malformed-tensor", text, 8, carries_code=False)
            return None
        begin, stop, expected = span
        if stop - begin != expected:
            text = f"tensor {name[:80]!r} spans {stop - begin} bytes, its shape needs {expected}"
            context.anomaly(place, NAME, "safetensors-size", text, 8)
        spans.append((begin, stop, name))
    return _contiguous(context, place, sorted(spans), data_size)


def _contiguous(
    context: Context, place: Place, spans: Iterable[tuple[int, int, str]], data_size: int
) -> int:
    reached = 0
    for begin, stop, name in spans:
        if begin > reached:
            text = f"{begin - reached} bytes before tensor {name[:80]!r} belong to no tensor"
            context.anomaly(place, NAME, "safetensors-hole", text, 8)
            context.gap(place, NAME, "malformed-hole", text, 8)
        elif begin < reached:
            text = f"tensor {name[:80]!r} overlaps the one before it"
            context.anomaly(place, NAME, "safetensors-overlap", text, 8)
        reached = max(reached, stop)
    if reached > data_size:
        text = f"the tensors need {reached} bytes, the file has {data_size}"
        context.gap(place, NAME, "malformed-truncated", text, 8, carries_code=False)
    return reached


def _span(entry: object) -> tuple[int, int, int] | None:
    """Return begin, end and the size that dtype and shape call for, in bytes."""
    if not isinstance(entry, dict):
        return None
    shape, offsets, bits = entry.get("shape"), entry.get("data_offsets"), entry.get("dtype")
    if not (isinstance(bits, str) and bits in _BITS and isinstance(shape, list)):
        return None
    if not (isinstance(offsets, list) and len(offsets) == 2):
        return None
    if not all(type(n) is int and 0 <= n < 1 << 63 for n in (*shape, *offsets)):
        return None
    total = _BITS[bits]
    for extent in shape:
        total = min(total * extent, 1 << 80)
    begin, stop = offsets
    return (begin, stop, -(-total // 8)) if begin <= stop else None
