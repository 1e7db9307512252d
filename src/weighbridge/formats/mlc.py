"""Weights as MLC-LLM and TVM keep them (tvm, runtime/vm/tensor_cache_support.cc).

``ndarray-cache.json``, later ``tensor-cache.json``, lists shards: bare numbers in files beside it,
each with its length in bytes.
"""

from __future__ import annotations

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt

NAME = "mlc-weights"
_MOST = 10_000
_RAW = "raw-shard"


def is_cache(value: object) -> bool:
    """Say whether plain values are a list of shards."""
    records = value.get("records") if isinstance(value, dict) else None
    return isinstance(records, list) and bool(records) and all(map(_is_shard, records))


def _is_shard(record: object) -> bool:
    if not isinstance(record, dict) or record.get("format") != _RAW:
        return False
    size = record.get("nbytes")
    return isinstance(record.get("dataPath"), str) and type(size) is int and 0 <= size < 1 << 48


def read_cache(context: Context, value: object, place: Place) -> None:
    """State which files hold the weights, and how far."""
    records = value["records"] if isinstance(value, dict) else []
    if len(records) > _MOST:
        context.gap(place, NAME, "limit-shards", f"more than {_MOST} shards")
    for record in records[:_MOST]:
        tensors = record.get("records")
        count = len(tensors) if isinstance(tensors, list) else 1
        path = excerpt(record["dataPath"], 300)
        context.add(ExternalData(place.member, 0, NAME, "", path, count, 0, record["nbytes"], ()))
