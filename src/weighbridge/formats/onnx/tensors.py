"""Tensors of an ONNX model: declared shape against what is there, and data in other files.

TensorProto: dims 1, data_type 2, float_data 4, int32_data 5, string_data 6, int64_data 7, name 8,
raw_data 9, double_data 10, uint64_data 11, external_data 13 (key 1, value 2), data_location 14. The
data itself is never read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Message, Wire

NAME = "onnx"
_DIMS, _TYPE, _TENSOR_NAME, _RAW, _EXTERNAL = 1, 2, 8, 9, 13
_TYPED = (4, 5, 6, 7, 10, 11)
# onnx.TensorProto.DataType to bits of an element in raw_data.
_BITS = {
    1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64,
    15: 128, 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2,
}  # fmt: skip
_KEYS = ("location", "offset", "length", "checksum")
# ONNX Runtime stores packed copies of weights under further keys (session option
# save_external_prepacked_constant_initializers).
_PREPACKED = "prepacked_"
# A byte of packed typed data holds at most two elements of four bits.
_ELEMENTS_PER_BYTE = 8
_RANK = 64
_ABSURD = 1 << 44
_ENTRIES = 64
_LOCATIONS = 1_000
_SHOWN = 20
_NOTED = 10


@dataclass(slots=True)
class _File:
    """What is known of the tensors in one external file."""

    tensor: str
    offset: int
    count: int = 0
    lowest: int = 0
    furthest: int = 0
    odd: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Tensor:
    name: str = ""
    dims: list[int] = field(default_factory=list)
    kind: int = 0
    raw: int | None = None
    typed: int = 0
    external: list[Field] = field(default_factory=list)


class Tensors:
    """Collects what the tensors of one model say."""

    def __init__(self, context: Context, place: Place, wire: Wire) -> None:
        self._context = context
        self._place = place
        self._wire = wire
        self._files: dict[str, _File] = {}
        self._odd = 0
        self.count = 0

    def read(self, message: Message) -> None:
        """Take in one tensor."""
        self.count += 1
        tensor = _Tensor()
        for item in self._wire.fields(message, (*_TYPED, 2)):
            if item.number == _DIMS and len(tensor.dims) <= _RANK:
                tensor.dims += self._wire.numbers(item, _RANK + 1)
            elif item.number == _TYPE and item.wire == VARINT:
                tensor.kind = item.value
            elif item.wire != BYTES:
                continue
            elif item.number == _TENSOR_NAME:
                tensor.name = self._wire.text(item, 200)
            elif item.number == _RAW:
                tensor.raw = item.size
            elif item.number in _TYPED:
                tensor.typed += item.size + 1
            elif item.number == _EXTERNAL and len(tensor.external) <= _ENTRIES:
                tensor.external.append(item)
        if tensor.external:
            self._external(message, tensor)
        self._shape(message, tensor)

    def sparse(self, message: Message) -> None:
        """Take in a sparse tensor: values 1, indices 2."""
        for item in self._wire.fields(message, (3,)):
            if item.wire == BYTES and item.number in (1, 2):
                self.read(self._wire.inner(item))

    def finish(self) -> None:
        """State which files the model names."""
        for number, (location, file) in enumerate(self._files.items()):
            if number < _NOTED:
                text = f"the data of {file.count} tensors stands in {location[:200]!r}"
                self._context.note(self._place, "external-data", text, file.offset)
            self._context.add(
                ExternalData(
                    self._place.member,
                    file.offset,
                    NAME,
                    file.tensor,
                    location,
                    file.count,
                    file.lowest,
                    file.furthest,
                    tuple(dict.fromkeys(file.odd))[:_SHOWN],
                )
            )

    def _external(self, message: Message, tensor: _Tensor) -> None:
        entries: list[tuple[str, str]] = []
        for item in tensor.external[:_ENTRIES]:
            pair = {1: "", 2: ""}
            for part in self._wire.fields(self._wire.inner(item)):
                if part.wire == BYTES and part.number in pair:
                    pair[part.number] = self._wire.text(part, 1000)
            entries.append((pair[1], pair[2]))
        location = next((value for key, value in reversed(entries) if key == "location"), "")
        if len(self._files) >= _LOCATIONS and location not in self._files:
            text = f"tensors stand in more than {_LOCATIONS} other files"
            self._context.gap(self._place, NAME, "limit-external-files", text, message.start)
            return
        file = self._files.setdefault(location, _File(tensor.name, message.start))
        file.count += 1
        file.odd += _odd_entries(entries, len(tensor.external) > _ENTRIES)[:_SHOWN]
        start = _number(next((v for k, v in reversed(entries) if k == "offset"), "0"))
        length = _number(next((v for k, v in reversed(entries) if k == "length"), "0"))
        if start is not None and length is not None:
            first = file.count == 1
            file.lowest = start if first else min(file.lowest, start, start + length)
            file.furthest = max(file.furthest, start + length)

    def _shape(self, message: Message, tensor: _Tensor) -> None:
        product = 1
        for extent in tensor.dims:
            product = min(product * abs(extent), 1 << 80)
        if len(tensor.dims) > _RANK or any(extent < 0 for extent in tensor.dims):
            self._anomaly("onnx-tensor-shape", message, tensor, "its shape is impossible")
            return
        if product >= _ABSURD:
            text = f"it declares {product} elements" if product < 1 << 80 else "its size overflows"
            self._anomaly("onnx-tensor-absurd", message, tensor, text)
            return
        bits = _BITS.get(tensor.kind)
        if tensor.external or bits is None:
            return
        if tensor.raw is not None:
            expected = -(-product * bits // 8)
            # Tools that strip weights leave the field empty; loaders stop at that.
            if tensor.raw and tensor.raw != expected:
                text = f"its data has {tensor.raw} bytes, its shape needs {expected}"
                self._anomaly("onnx-tensor-size", message, tensor, text)
        elif 0 < tensor.typed * _ELEMENTS_PER_BYTE < product:
            text = f"it declares {product} elements and holds {tensor.typed} bytes"
            self._anomaly("onnx-tensor-size", message, tensor, text)

    def _anomaly(self, code: str, message: Message, tensor: _Tensor, text: str) -> None:
        self._odd += 1
        if self._odd <= _SHOWN:
            text = f"tensor {tensor.name[:80]!r}: {text}"
            self._context.anomaly(self._place, NAME, code, text, message.start)


def _odd_entries(entries: list[tuple[str, str]], more: bool) -> list[str]:
    found = []
    for key, value in entries:
        if key not in _KEYS and not key.startswith(_PREPACKED):
            found.append(f"unknown key {key[:80]!r}")
        elif key in ("offset", "length") and _number(value) is None:
            found.append(f"{key} {value[:40]!r} is no number")
    keys = [key for key, _value in entries if key in _KEYS]
    found += [f"{key} stands twice" for key in _KEYS if keys.count(key) > 1]
    if more:
        found.append("more entries than there are keys")
    return found


def _number(text: str) -> int | None:
    text = text.strip()
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 30:
        return None
    return int(text)
