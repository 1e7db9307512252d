"""Writes FlatBuffers table by table, parents before children, so that any field can lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Scalar:
    """A number in the table itself."""

    value: int
    width: int = 4


@dataclass
class Numbers:
    """A vector of 32-bit numbers."""

    values: tuple[int, ...]


@dataclass
class Flat:
    """A table: fields by number, each a Scalar, Numbers, text, bytes, a Flat or a list."""

    fields: dict[int, Any] = field(default_factory=dict)


def flatbuffer(root: Flat, identifier: bytes = b"TFL3") -> bytes:
    """The whole buffer."""
    out = bytearray(bytes(4) + identifier)
    out[:4] = _table(out, root).to_bytes(4, "little")
    return bytes(out)


def _table(out: bytearray, table: Flat) -> int:
    count = max(table.fields, default=-1) + 1
    out += bytes(-len(out) % 8)
    vtable = len(out)
    places = {number: 8 + 8 * index for index, number in enumerate(sorted(table.fields))}
    size = 8 + 8 * len(places)
    out += (4 + 2 * count).to_bytes(2, "little") + size.to_bytes(2, "little")
    out += b"".join(places.get(number, 0).to_bytes(2, "little") for number in range(count))
    out += bytes(-len(out) % 8)
    start = len(out)
    out += (start - vtable).to_bytes(4, "little", signed=True) + bytes(size - 4)
    for number, place in places.items():
        value = table.fields[number]
        at = start + place
        if isinstance(value, Scalar):
            out[at : at + value.width] = value.value.to_bytes(
                value.width, "little", signed=value.value < 0
            )
        else:
            out[at : at + 4] = (_child(out, value) - at).to_bytes(4, "little")
    return start


def _child(out: bytearray, value: Any) -> int:
    if isinstance(value, Flat):
        return _table(out, value)
    out += bytes(-len(out) % 4)
    start = len(out)
    if isinstance(value, str | bytes):
        data = value.encode() if isinstance(value, str) else value
        out += len(data).to_bytes(4, "little") + data + b"\0"
    elif isinstance(value, Numbers):
        out += len(value.values).to_bytes(4, "little")
        out += b"".join(one.to_bytes(4, "little", signed=one < 0) for one in value.values)
    else:
        out += len(value).to_bytes(4, "little") + bytes(4 * len(value))
        for index, item in enumerate(value):
            at = start + 4 + 4 * index
            out[at : at + 4] = (_child(out, item) - at).to_bytes(4, "little")
    return start


def string_tensor(*texts: bytes) -> bytes:
    """The data of a string tensor."""
    ends = [4 * (len(texts) + 2)]
    for text in texts:
        ends.append(ends[-1] + len(text))
    numbers = (len(texts), *ends)
    return b"".join(one.to_bytes(4, "little") for one in numbers) + b"".join(texts)


def tflite(
    codes: list[Flat] | None = None,
    tensors: list[Flat] | None = None,
    operators: list[Flat] | None = None,
    buffers: list[Flat] | None = None,
    **more: Any,
) -> bytes:
    """A TFLite model with one subgraph; `more` are further fields of the model, as f8=…."""
    graph = Flat({0: tensors or [], 3: operators or [], 4: "main"})
    fields = {0: Scalar(3), 1: codes or [], 2: [graph], 3: "test", 4: buffers or [Flat()]}
    return flatbuffer(Flat({**fields, **{int(key[1:]): value for key, value in more.items()}}))


def custom_code(name: str) -> Flat:
    """An OperatorCode for a custom operator."""
    return Flat({0: Scalar(32, 1), 1: name, 3: Scalar(32)})


def operator(code: int = 0, inputs: tuple[int, ...] = (0,), options: bytes = b"") -> Flat:
    """An Operator."""
    fields: dict[int, Any] = {0: Scalar(code), 1: Numbers(inputs), 2: Numbers(())}
    return Flat({**fields, **({5: options} if options else {})})


def tensor(shape: tuple[int, ...] = (1,), kind: int = 0, buffer: int = 0) -> Flat:
    """A Tensor."""
    return Flat({0: Numbers(shape), 1: Scalar(kind, 1), 2: Scalar(buffer), 3: "t"})
