"""Keras files made byte by byte, so that no Keras is needed."""

from __future__ import annotations

import base64
import io
import json
import marshal
import struct
import zipfile
from collections.abc import Callable
from typing import Any

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NONE = (1 << 64) - 1


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return packed.getvalue()


def keras_zip(config: Any, weights: bytes | None = None, **more: bytes) -> bytes:
    """Return a `.keras` file; `config` is an object, text or bytes."""
    if not isinstance(config, str | bytes):
        config = json.dumps(config)
    return zipped(
        {
            "metadata.json": b'{"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}',
            "config.json": config.encode() if isinstance(config, str) else config,
            "model.weights.h5": hdf5() if weights is None else weights,
            **more,
        }
    )


def layer(name: str, config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a layer as Keras 3 writes it."""
    made = {"module": "keras.layers", "class_name": name, "config": config or {}}
    return {**made, "registered_name": None, **more}


def model(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a Sequential model as Keras 3 writes it."""
    config = {"name": "sequential", "layers": list(layers)}
    made = {"module": "keras", "class_name": "Sequential", "config": config}
    return {**made, "registered_name": None, **more}


def function(module: str | None, name: str, **more: Any) -> dict[str, Any]:
    """Return a reference to a function."""
    made = {"module": module, "class_name": "function", "config": name, "registered_name": name}
    return {**made, **more}


def code(made: Callable[..., Any]) -> str:
    """Return the text that `func_dump` of Keras makes of a function."""
    return base64.encodebytes(marshal.dumps(made.__code__)).decode("ascii")


def lambda_layer(made: Callable[..., Any], **config: Any) -> dict[str, Any]:
    """Return a Lambda layer as Keras 3 writes it."""
    inner = {"code": code(made), "defaults": None, "closure": None}
    body = {"class_name": "__lambda__", "config": inner}
    return layer("Lambda", {"name": "odd", "function": body, "arguments": {}, **config})


def _message(kind: int, data: bytes) -> bytes:
    data += bytes(-len(data) % 8)
    return struct.pack("<HHB3x", kind, len(data), 0) + data


def _attribute(name: str, value: bytes) -> bytes:
    """Return an attribute of one fixed string."""
    label = name.encode() + b"\0"
    kind = struct.pack("<B3BL", 0x13, 0, 0, 0, len(value))
    space = struct.pack("<BBB5x", 1, 0, 0)
    head = struct.pack("<BBHHH", 1, 0, len(label), len(kind), len(space))
    padded = b"".join(part + bytes(-len(part) % 8) for part in (label, kind, space))
    return _message(0x0C, head + padded + value)


def external_link(name: str, file: str, path: str = "/") -> bytes:
    """Return a link message to another file."""
    target = b"\0" + file.encode() + b"\0" + path.encode() + b"\0"
    label = name.encode()
    head = bytes((1, 0x08, 64, len(label))) + label
    return _message(0x06, head + struct.pack("<H", len(target)) + target)


def soft_link(name: str, path: str) -> bytes:
    """Return a link message to a place within the file."""
    label, target = name.encode(), path.encode()
    head = bytes((1, 0x08, 1, len(label))) + label
    return _message(0x06, head + struct.pack("<H", len(target)) + target)


def hdf5(*links: bytes, **attributes: str | bytes) -> bytes:
    """Return an HDF5 file of one group with attributes and links."""
    body = b"".join(
        _attribute(name, value.encode() if isinstance(value, str) else value)
        for name, value in attributes.items()
    ) + b"".join(links)
    count = len(attributes) + len(links)
    header = struct.pack("<BxHLL4x", 1, count, 1, len(body)) + body
    end = 48 + len(header)
    start = SIGNATURE + bytes((2, 8, 8, 0)) + struct.pack("<QQQQL", 0, _NONE, end, 48, 0)
    return start + header


def h5_model(config: Any, **more: str | bytes) -> bytes:
    """Return a model as Keras 2 saves it in HDF5."""
    text = config if isinstance(config, str) else json.dumps(config)
    return hdf5(model_config=text, keras_version="2.9.0", backend="tensorflow", **more)


def legacy(*layers: dict[str, Any]) -> dict[str, Any]:
    """Return a Sequential model as Keras 2 writes it."""
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}}
