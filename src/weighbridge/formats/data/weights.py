"""Files of weights that a model beside them describes, with a structure of their own.

Core ML: MILBlob, Blob/StorageFormat.hpp. A header (count, version 2), then for each blob 64 bytes
of description, aligned to 64, which say where its data stands.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import MOST_PARTS, Extent, number
from weighbridge.sources.base import Source

_SENTINEL = 0xDEADBEEF
_UNIT = 64
_CHECK_EVERY = 4_096


def coreml_blobs(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A row of descriptions, each before its data."""
    count = number(head, 0)
    sentinel = number(head, _UNIT)
    if number(head, 4) != 2 or any(head[8:_UNIT]) or sentinel != _SENTINEL or not count:
        return None
    at = end = _UNIT
    for index in range(min(count, MOST_PARTS)):
        if not index % _CHECK_EVERY:
            budget.check_time()
        blob = source.read_at(at, _UNIT)
        size, start = number(blob, 8, 8), number(blob, 16, 8)
        if number(blob, 0) != _SENTINEL or start < at + _UNIT:
            return Extent("coreml-weights", source.size + 1)
        end = start + size
        at = -(-end // _UNIT) * _UNIT
    return Extent("coreml-weights", end)
