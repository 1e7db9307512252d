"""Arrays in many files: zarr (zarr-specs, versions 2 and 3), N5 and TensorStore's OCDBT.

zarr: ``.zarray``, or ``zarr.json`` of the node type ``array``, says how the files below its folder
are to be read, which are called after the place of their chunk: ``0.3``, ``0/3``, ``c/0/3``. A
filter that unpickles (numcodecs, ``pickle``) makes programs of them, so then nothing is taken for
numbers.

A shard of version 3 (zarr-specs, sharding codec) is many chunks in one file, and behind them their
index: offset and length of each as u64, all ones for a chunk that is not there, then its CRC-32C.

N5 (saalfeldlab/n5, file-system specification): ``attributes.json`` with a type of numbers, and
files called after their place, ``0/3``, each with its shape before the numbers.

OCDBT (TensorStore, "OCDBT storage format"), which Orbax writes: ``manifest.ocdbt`` begins with
0x0cdb3a2a, its own length as u64, version 0 and 0 or 1 for Zstandard. Nodes and values stand in
files of ``d/`` with 32 hexadecimal digits for a name.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.facts.graphs import DataFolder
from weighbridge.formats.context import Context, Place
from weighbridge.formats.crc32c import crc32c
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source

ZARR, N5, OCDBT = "zarr", "n5", "ocdbt"
_N5_KEYS = frozenset({"dataType", "dimensions", "blockSize"})
_N5_TYPES = re.compile(r"u?int(?:8|16|32|64)|float(?:32|64)")
_MANIFEST = b"\x0c\xdb\x3a\x2a"
_LEAST = 20
_MOST_CHUNKS = 1 << 18
_ENTRY, _CHECKSUM = 16, 4
_ABSENT = (1 << 64) - 1
_FILTERS = ("filters", "codecs")


def is_array(value: object) -> bool:
    """Say whether a JSON value describes an array of zarr."""
    if not isinstance(value, dict):
        return False
    if value.get("zarr_format") == 2:
        return {"chunks", "dtype", "shape", "compressor"} <= value.keys()
    return value.get("zarr_format") == 3 and value.get("node_type") == "array"


def read_array(context: Context, value: object, place: Place) -> None:
    """State that the chunks below are numbers, unless they are to be unpickled."""
    if isinstance(value, dict) and not any(_unpickles(value.get(name)) for name in _FILTERS):
        context.add(DataFolder(place.member, 0, ZARR))


def is_n5(value: object) -> bool:
    """Say whether a JSON value describes numbers in an array of N5."""
    if not isinstance(value, dict) or not value.keys() >= _N5_KEYS:
        return False
    return _N5_TYPES.fullmatch(str(value["dataType"])) is not None


def read_n5(context: Context, value: object, place: Place) -> None:
    """State that the blocks below are numbers."""
    context.add(DataFolder(place.member, 0, N5))


def _unpickles(filters: object) -> bool:
    names = [
        str(one.get("id") or one.get("name")) if isinstance(one, dict) else str(one)
        for one in (filters if isinstance(filters, list) else [])
    ]
    return any("pickle" in name.lower() for name in names)


def claims(_source: Source, head: bytes) -> bool:
    """Say whether it begins as a manifest of OCDBT does."""
    return head[:4] == _MANIFEST and head[12:13] == b"\0" and head[13:14] in (b"\0", b"\1")


def parse(context: Context, source: Source, place: Place) -> bool:
    """State that the files of ``d/`` are numbers; False when the length is none."""
    length = int.from_bytes(source.read_at(4, 8), "little")
    if not _LEAST <= length <= source.size:
        return False
    context.format(place, OCDBT, source.size)
    context.add(DataFolder(place.member, 0, OCDBT))
    if length < source.size:
        trailing(context, source, place, OCDBT, length)
    return True


def is_shard(source: Source, budget: Budget) -> bool:
    """Say whether an index of chunks stands at the end that accounts for every byte before it."""
    end = source.size - _CHECKSUM
    most = min(_MOST_CHUNKS, end // _ENTRY)
    index = source.read_at(end - _ENTRY * most, _ENTRY * most + _CHECKSUM)
    spans: list[tuple[int, int]] = []
    held = 0
    for count in range(1, most + 1):
        at = _ENTRY * (most - count)
        offset, length = (int.from_bytes(index[i : i + 8], "little") for i in (at, at + 8))
        if (offset, length) == (_ABSENT, _ABSENT):
            continue
        held += length
        spans.append((offset, offset + length))
        if held + _ENTRY * count >= end:
            tiled = held + _ENTRY * count == end and _tiles(spans)
            budget.check_time()
            stated = int.from_bytes(index[-_CHECKSUM:], "little")
            return tiled and crc32c(index[at:-_CHECKSUM]) == stated
    return False


def _tiles(spans: list[tuple[int, int]]) -> bool:
    """Say whether the spans stand one behind the other from the beginning."""
    reached = 0
    for start, stop in sorted(spans):
        if start != reached:
            return False
        reached = stop
    return True
