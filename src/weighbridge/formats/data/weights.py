"""Files of weights that a model beside them describes, with a structure of their own.

Core ML: MILBlob, Blob/StorageFormat.hpp. A header (count, version 2), then for each blob 64 bytes
of its data stands.

Paddle: SerializeToStream of DenseTensor. MXNet: NDArray::Save. ncnn: Net::load_param_bin.
"""

from __future__ import annotations

from math import prod

from weighbridge.budget import Budget
from weighbridge.errors import ParseError
from weighbridge.formats.data.extent import MOST_PARTS, Extent, follow, number
from weighbridge.formats.protobuf import VARINT, Wire
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource

_SENTINEL = 0xDEADBEEF
_UNIT = 64
_PADDLE_WIDTHS = {
    0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16,
}  # fmt: skip
_MXNET = 0x112
_MXNET_FIRST = 0xF993FAC8
_MXNET_SECOND, _MXNET_THIRD = 0xF993FAC9, 0xF993FACA
_MXNET_INDICES = {0: 0, 1: 1, 2: 2}  # dense, by rows, CSR
_MXNET_DIMENSIONS = 32
_MXNET_WIDTHS = {0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1, 12: 2}
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


def paddle_parameters(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A row of tensors, each with its type and shape as protobuf before it."""
    if any(head[:16]) or not 4 <= number(head, 16) <= 256 or head[20:21] != b"\x08":
        return None
    end = follow(source, 0, 276, _paddle_tensor, budget)
    return Extent("paddle-parameters", end) if end else None


def _paddle_tensor(data: bytes, offset: int) -> int | None:
    size = number(data, 16)
    described = data[20 : 20 + size]
    if any(data[:16]) or len(described) < size or described[:1] != b"\x08":
        return None
    wire = Wire(BytesSource(described), Budget())
    kind, elements = -1, 1
    try:
        for field in wire.fields(wire.whole()):
            if field.number == 1 and field.wire == VARINT:
                kind = field.value
            elif field.number == 2:
                for extent in wire.numbers(field):
                    elements *= max(extent, 0)
    except ParseError:
        return None
    width = _PADDLE_WIDTHS.get(kind)
    return None if width is None else 20 + size + elements * width


def mxnet_parameters(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A mark, a count, that many arrays, and as many names."""
    if number(head, 0, 8) != _MXNET or number(head, 8, 8) or number(head, 16, 8) > MOST_PARTS:
        return None
    at, count = 24, number(head, 16, 8)
    for _ in range(count):
        budget.check_time()
        size = _mxnet_array(source.read_at(at, 1024))
        if size is None:
            return Extent("mxnet-parameters", source.size + 1)
        at += size
    names = number(source.read_at(at, 8), 0, 8)
    at += 8
    for _ in range(min(names, MOST_PARTS)):
        budget.check_time()
        at += 8 + number(source.read_at(at, 8), 0, 8)
        if at > source.size:
            break
    return Extent("mxnet-parameters", at)


def _mxnet_array(data: bytes) -> int | None:
    """Return the length of an array, its description included; None where there is none.

    Before the first version there was no mark, and extents had half the width. What is sparse gives
    the shape of what is stored before its own, and a type and a shape for each array of indices.
    """
    mark = number(data, 0)
    kind, at, width = {
        _MXNET_FIRST: (0, 4, 8),
        _MXNET_SECOND: (number(data, 4), 8, 8),
        _MXNET_THIRD: (number(data, 4), 8, 8),
    }.get(mark, (0, 0, 4))
    indices = _MXNET_INDICES.get(kind)
    if indices is None:
        return None
    stored, at = _mxnet_shape(data, at, width) if indices else (None, at)
    none = -1 if mark == _MXNET_THIRD else 0
    if int.from_bytes(data[at : at + 4], "little", signed=True) == none:
        return at + 4  # It was not made yet.
    elements, at = _mxnet_shape(data, at, width)
    sizes = [(number(data, at + 8), elements if stored is None else stored)]
    at += 12
    for _ in range(indices):
        extent, following = _mxnet_shape(data, at + 4, width)
        sizes.append((number(data, at), extent))
        at = following
    if any(kind not in _MXNET_WIDTHS or extent is None for kind, extent in sizes):
        return None
    return at + sum(_MXNET_WIDTHS[kind] * (extent or 0) for kind, extent in sizes)


def _mxnet_shape(data: bytes, at: int, width: int) -> tuple[int | None, int]:
    """Return the number of elements, None where no shape is, and where it ends."""
    dimensions = number(data, at)
    end = at + 4 + width * dimensions
    if dimensions > _MXNET_DIMENSIONS or len(data) < end:
        return None, at + 4
    extents = (number(data, at + 4 + width * index, width) for index in range(dimensions))
    return prod(extents), end
