"""Names, shapes, types and places of GGUF tensors, checked against each other and the file.

llama.cpp demands that tensors follow one another without holes, each at a multiple of the
alignment; what it computes with is computed here without a limit on size, so that what overflows
in a loader shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.gguf.cursor import Cursor
from weighbridge.formats.gguf.oddities import NAME, Oddities
from weighbridge.formats.gguf.types import BLOCKS, TYPES_KNOWN_TO_ANYONE
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source

_TENSORS = 200_000
_NAME_LENGTH = 64
_NAME_MOST = 65_535
_DIMENSIONS = 4
_DIMENSIONS_MOST = 64
# ggml counts elements in signed and bytes in unsigned 64-bit numbers, and keeps so much for each
# tensor in memory.
_SIGNED = 1 << 63
_WIDE = 1 << 64
_OVERHEAD = 400


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor; `size` is None where its type is not known."""

    name: str
    begin: int
    size: int | None


class TensorReader:
    """Reads all tensor entries of one file and judges where they lie."""

    def __init__(
        self, context: Context, place: Place, cursor: Cursor, width: int, odd: Oddities
    ) -> None:
        self._context = context
        self._place = place
        self._odd = odd
        self._cursor = cursor
        self._width = width
        self._alignment = 32
        self._names: set[bytes] = set()
        self._tensors: list[Tensor] = []

    def read(self, count: int, alignment: int) -> None:
        """Read `count` entries of tensors that lie at multiples of `alignment`."""
        self._alignment = alignment
        if count > _TENSORS:
            text = f"the file declares {count} tensors; honest files have some thousands"
            raise LimitExceeded("limit-gguf-tensors", text, self._cursor.at)
        for _ in range(count):
            self._context.budget.check_time()
            self._tensors.append(self._tensor())

    def _tensor(self) -> Tensor:
        at = self._cursor.at
        name = self._name(at)
        shape = self._shape(name, at)
        kind = self._cursor.number(4)
        begin = self._cursor.number(8)
        size = self._size(name, shape, kind, at)
        if begin % self._alignment:
            text = f"tensor {name[:80]!r} begins at {begin}, no multiple of {self._alignment}"
            self._odd.add("gguf-offset", text, at)
        if begin + (size or 0) >= _WIDE:
            text = f"tensor {name[:80]!r} begins at {begin}; its end overflows 64 bits"
            self._odd.add("gguf-size-overflow", text, at)
        return Tensor(name, begin, size)

    def _name(self, at: int) -> str:
        length = self._cursor.number(self._width)
        if length >= _SIGNED:
            text = f"a tensor's name declares {length} bytes, which overflows in a loader"
            self._odd.add("gguf-length-overflow", text, at)
        if length > min(self._cursor.remaining, _NAME_MOST):
            text = f"a tensor's name of {length} bytes goes beyond what the file holds"
            raise MalformedInput("malformed-truncated", text, at)
        raw = self._cursor.take(length)
        name = raw.decode("utf-8", "replace")
        if length >= _NAME_LENGTH or "\ufffd" in name or not name.isprintable():
            text = f"the tensor name {name[:80]!r} ({length} bytes) is one that loaders refuse"
            self._odd.add("gguf-name", text, at)
        if raw in self._names:
            text = f"two tensors are called {name[:80]!r}"
            self._odd.add("gguf-duplicate-tensor", text, at)
        self._names.add(raw)
        return name

    def _shape(self, name: str, at: int) -> tuple[int, ...]:
        count = self._cursor.number(4)
        if count > _DIMENSIONS:
            text = f"tensor {name[:80]!r} has {count} dimensions; loaders keep room for four"
            grave = count > 2 * _DIMENSIONS
            self._odd.add("gguf-dimensions-overflow" if grave else "gguf-dimensions", text, at)
        if count > _DIMENSIONS_MOST:
            raise MalformedInput("malformed-dimensions", f"a tensor has {count} dimensions", at)
        return tuple(self._cursor.number(self._width) for _ in range(count))

    def _size(self, name: str, shape: tuple[int, ...], kind: int, at: int) -> int | None:
        elements = 1
        for extent in shape:
            elements *= extent
        block = BLOCKS.get(kind)
        if elements >= _SIGNED or any(extent >= _SIGNED for extent in shape):
            text = f"the shape {shape[:8]} of {name[:80]!r} overflows 64 bits"
            self._odd.add("gguf-shape-overflow", text, at)
        if block is None:
            known = kind < TYPES_KNOWN_TO_ANYONE
            code = "gguf-tensor-type-unknown" if known else "gguf-tensor-type"
            self._odd.add(code, f"tensor {name[:80]!r} has the type {kind}", at)
            return None
        per_block, width = block
        if shape and shape[0] % per_block:
            text = f"rows of {name[:80]!r} have {shape[0]} elements, no multiple of {per_block}"
            self._odd.add("gguf-row", text, at)
        size = -(-elements // per_block) * width
        if size >= _WIDE > elements:
            text = f"tensor {name[:80]!r} has {size} bytes, which overflows 64 bits"
            self._odd.add("gguf-size-overflow", text, at)
        return size

    def judge(self, source: Source) -> None:
        """Compare the tensors with each other and with the file; examine what is left over."""
        start = self._padded(self._cursor.at)
        self._total()
        end = self._contiguous(start, source)
        if end is not None and end < source.size:
            trailing(self._context, source, self._place, NAME, end)

    def _total(self) -> None:
        total = sum(self._padded(tensor.size or 0) for tensor in self._tensors)
        total += _OVERHEAD * (len(self._tensors) + 1)
        if total >= _WIDE and all((tensor.size or 0) < _WIDE for tensor in self._tensors):
            text = f"all tensors together have {total} bytes, which overflows 64 bits"
            self._odd.add("gguf-size-overflow", text, None)

    def _contiguous(self, start: int, source: Source) -> int | None:
        """Return where the last tensor ends, or None where that cannot be told."""
        reached, room = 0, source.size - start
        short = False
        ordered = sorted(self._tensors, key=lambda tensor: (tensor.begin, tensor.size or 0))
        for number, tensor in enumerate(ordered):
            if tensor.begin > reached:
                self._hole(tensor, reached, start, room)
            elif tensor.begin < reached and tensor.size != 0:
                text = f"tensor {tensor.name[:80]!r} overlaps the one before it"
                self._odd.add("gguf-overlap", text, start + tensor.begin)
            size = tensor.size
            if size is None:
                later = ordered[number + 1 :]
                size = max(0, (later[0].begin if later else room) - tensor.begin)
            end = tensor.begin + size
            short = short or end > room
            reached = max(reached, self._padded(end))
        if short:
            text = f"the tensors need {reached} bytes, the file has {max(0, room)} for them"
            self._odd.add("gguf-truncated", text, start)
            self._context.gap(
                self._place, NAME, "malformed-truncated", text, start, carries_code=False
            )
            return None
        return start + reached

    def _hole(self, tensor: Tensor, reached: int, start: int, room: int) -> None:
        at = start + reached
        if tensor.begin > room:
            text = f"tensor {tensor.name[:80]!r} begins at {tensor.begin}, beyond the file's end"
            self._odd.add("gguf-beyond-file", text, at)
            return
        text = f"{tensor.begin - reached} bytes before tensor {tensor.name[:80]!r} belong to none"
        if self._odd.add("gguf-hole", text, at):
            self._context.gap(self._place, NAME, "malformed-hole", text, at)

    def _padded(self, size: int) -> int:
        return -(-size // self._alignment) * self._alignment
