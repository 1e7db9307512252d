"""Parts of Core ML's models that hold no layer: weights, and what compiling adds beside them.

Weights: MILBlob, Blob/StorageFormat.hpp; a header (count, version 2), then for each blob 64 bytes
that say how long it is and where its data stands. Espresso, the older kind of network: a count, a
number and a length for each blob, the blobs.

``coremldata.bin`` and ``analytics/coremldata.bin`` of a compiled model (``.mlmodelc``) are
documented by those who write them without Apple's compiler: tmc/apple (coremldata.go) and
mlmodelc-export (bundle.rs). Of a program the first ends with a mark for each function; how it goes
on for other kinds of models is not documented, so those are not recognised here.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import MOST_PARTS, Extent, follow, number
from weighbridge.sources.base import Source

_SENTINEL = 0xDEADBEEF
_UNIT = 64
_CHECK_EVERY = 4_096
_PROGRAM = 502  # its field in a model's message
_RESERVED = 20
_TARGET = 64  # "generic" is the only one seen
_BEFORE_LENGTH = 31
_MARK = _PROGRAM.to_bytes(4, "little") + bytes(12)
_SECTION = re.compile(rb"[A-Za-z]{1,64}Details\Z")
_ENTRIES = 1_000


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


def coreml_description(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """What a compiled program takes and gives: a header, a message, a mark for each function."""
    version, target = number(head, 4), number(head, 8 + _RESERVED, 8)
    if number(head, 0) != _PROGRAM or not 0 < version < 256 or any(head[8 : 8 + _RESERVED]):
        return None
    at = 16 + _RESERVED + target
    zeros = head[at + 1 : at + 1 + _BEFORE_LENGTH]
    if target > _TARGET or head[at : at + 1] != bytes((version,)) or any(zeros):
        return None
    start = at + 1 + _BEFORE_LENGTH + 8
    end = start + number(head, start - 8, 8)
    if end + len(_MARK) > source.size:
        return Extent("coreml-compiled", source.size + 1)
    end = follow(source, end, len(_MARK), lambda d, _: len(_MARK) if d == _MARK else None, budget)
    return Extent("coreml-compiled", end)


def coreml_details(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Sections of texts: what the compiler counted in the model, and its hash."""
    if _SECTION.match(head[8 : 8 + min(number(head, 0, 8), _UNIT)]) is None:
        return None
    at = 0
    while at < source.size:
        name = source.read_at(at + 8, min(number(source.read_at(at, 8), 0, 8), _UNIT))
        if _SECTION.match(name) is None:
            break
        at += 8 + len(name)
        entries = number(source.read_at(at, 8), 0, 8)
        if entries > _ENTRIES:
            return Extent("coreml-compiled", source.size + 1)
        at += 8
        for _ in range(2 * entries):
            budget.check_time()
            at += 8 + number(source.read_at(at, 8), 0, 8)
            if at > source.size:
                return Extent("coreml-compiled", at)
    return Extent("coreml-compiled", at)


def espresso_weights(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A count, a number and a length for each blob, and the blobs, which end the file."""
    count = number(head, 0, 8)
    table = 8 + 16 * count
    if not 0 < count <= MOST_PARTS or table > source.size or number(head, 8, 8) > MOST_PARTS:
        return None
    end = table
    for index in range(count):
        if not index % _CHECK_EVERY:
            budget.check_time()
        entry = source.read_at(8 + 16 * index, 16)
        end += number(entry, 8, 8)
        if number(entry, 0, 8) > MOST_PARTS or end > source.size:
            return None
    return Extent("espresso-weights", end) if end == source.size else None
