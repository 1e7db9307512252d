"""Builds MessagePack as Flax writes it (flax.serialization)."""

from __future__ import annotations

import struct
from typing import Any


def packed(value: Any) -> bytes:
    """One value: a map, a list, a text, a number, or bytes that are packed already."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        entries = b"".join(packed(key) + packed(item) for key, item in value.items())
        return bytes([0x80 + len(value)]) + entries
    if isinstance(value, list):
        return bytes([0x90 + len(value)]) + b"".join(packed(item) for item in value)
    if isinstance(value, str):
        return bytes([0xA0 + len(value)]) + value.encode()
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    return b"\xce" + struct.pack(">I", value)


def array(*shape: int, dtype: str = "float32") -> bytes:
    """An array: an extension that holds shape, type and bytes."""
    size = 2 if dtype == "bfloat16" else 4
    for extent in shape:
        size *= extent
    inner = packed([bytes([0x90 + len(shape), *shape]), dtype])
    inner += b"\xc6" + struct.pack(">I", size) + bytes(size)
    return b"\xc9" + struct.pack(">I", len(inner)) + b"\x01" + inner


def flax() -> bytes:
    """The parameters of a small network."""
    layers = {f"layers_{at}": {"kernel": array(3, 4), "bias": array(4)} for at in range(3)}
    return packed({"params": {"encoder": layers, "scale": array(8, dtype="bfloat16")}})


def flax_state() -> bytes:
    """A state of training, with the moments of the optimiser."""
    moments = {"0": {"count": 10, "mu": {"w": array(3, 4)}, "nu": {"w": array(3, 4)}}, "1": {}}
    return packed({"step": 10, "params": {"w": array(3, 4)}, "opt_state": moments, "rate": 0.1})


def numpy_objects(pickle: bytes, keys: type = bytes) -> bytes:
    """An array of objects as msgpack-numpy writes it; newer texts may stand for its bytes."""

    def word(text: str) -> bytes:
        return packed(text) if keys is str else b"\xc4" + bytes([len(text)]) + text.encode()

    data = b"\xc6" + struct.pack(">I", len(pickle)) + pickle
    rows = {
        "nd": b"\xc3",
        "type": word("|O"),
        "kind": word("O"),
        "shape": packed([1]),
        "data": data,
    }
    inner = bytes([0x80 + len(rows)]) + b"".join(word(key) + row for key, row in rows.items())
    return packed({"params": inner})
