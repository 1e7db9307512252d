"""Files of weights that a model beside them describes, with a structure of their own.

Paddle: SerializeToStream of DenseTensor. MXNet: NDArray::Save. ncnn: Net::load_param_bin.
MindSpore: checkpoint.proto. TVM: SaveParams in runtime/file_utils.cc, NDArray in runtime/ndarray.h.
"""

from __future__ import annotations

from math import prod

from weighbridge.budget import Budget
from weighbridge.errors import ParseError
from weighbridge.formats.data.extent import MOST_PARTS, Extent, follow, number
from weighbridge.formats.protobuf import VARINT, Wire
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource

_PADDLE_WIDTHS = {
    0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16,
}  # fmt: skip
_MINDSPORE_TYPES = frozenset(
    b"Bool Int4 Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 "
    b"Float16 Float32 Float64 BFloat16 Complex64 Complex128 str".split()
)
_MINDSPORE_SUM = b"crc_num"  # and ten bytes of a number, where a sum was asked for
_TVM, _TVM_ARRAY = 0xF7E58D4F05049CB7, 0xDD5E40F096B4A13F
_TVM_DIMENSIONS = 32
_MXNET = 0x112
_MXNET_FIRST = 0xF993FAC8
_MXNET_SECOND, _MXNET_THIRD = 0xF993FAC9, 0xF993FACA
_MXNET_INDICES = {0: 0, 1: 1, 2: 2}  # dense, by rows, CSR
_MXNET_DIMENSIONS = 32
_MXNET_WIDTHS = {0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1, 12: 2}


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


def mindspore_checkpoint(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A row of values: a name, and a tensor with its shape, type and content."""
    if _mindspore_value(head, 0) is None:
        return None
    end = follow(source, 0, 1024, _mindspore_value, budget)
    if source.read_at(end, len(_MINDSPORE_SUM)) == _MINDSPORE_SUM:
        end += len(_MINDSPORE_SUM) + 10
    return Extent("mindspore-checkpoint", end)


def _mindspore_value(data: bytes, offset: int) -> int | None:
    """Return the length of a value, None where none begins: the type stands before the content."""
    size, at = _field(data, 0, 0x0A)
    name, at_name = _field(data, at, 0x0A)
    tensor, at_tensor = _field(data, at_name + name, 0x12)
    if min(size, name, tensor) < 0 or at_tensor + tensor > at + size:
        return None
    inner = at_tensor
    while data[inner : inner + 1] == b"\x08":
        inner = _varint(data, inner + 1)[1]
    kind, at_kind = _field(data, inner, 0x12)
    known = kind >= 0 and data[at_kind : at_kind + kind] in _MINDSPORE_TYPES
    return at + size if known else None


def _field(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Return the length of a field and where its content begins; -1 where another field is."""
    return _varint(data, at + 1) if data[at : at + 1] == bytes((tag,)) else (-1, at)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, at + index + 1
    return -1, at


def tvm_parameters(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A mark, names, and as many arrays."""
    if number(head, 0, 8) != _TVM:
        return None
    count, at = number(head, 16, 8), 24
    for _ in range(min(count, MOST_PARTS)):
        budget.check_time()
        at += 8 + number(source.read_at(at, 8), 0, 8)
        if at > source.size:
            return Extent("tvm-parameters", at)
    arrays = number(source.read_at(at, 8), 0, 8)
    at += 8
    for _ in range(min(arrays, MOST_PARTS)):
        budget.check_time()
        size = _tvm_array(source.read_at(at, 40 + 8 * _TVM_DIMENSIONS))
        if size is None:
            return Extent("tvm-parameters", source.size + 1)
        at += size
    return Extent("tvm-parameters", at)


def _tvm_array(data: bytes) -> int | None:
    """A mark, a device, dimensions, a type, the shape, and how many bytes follow."""
    dimensions = number(data, 24)
    if number(data, 0, 8) != _TVM_ARRAY or dimensions > _TVM_DIMENSIONS:
        return None
    content = 32 + 8 * dimensions
    return content + 8 + number(data, content, 8)
