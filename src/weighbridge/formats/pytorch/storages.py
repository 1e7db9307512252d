"""Checks tensors against the storages they claim to view (CVE-2026-24747 and its kin).

A checkpoint's pickle names a storage by a persistent id ``('storage', StorageClass, key, location,
count)`` and rebuilds tensors as views with offset, sizes and strides. torch trusts these numbers in
places; a view beyond its storage is memory corruption in the loader.
"""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.facts.expressions import Expression, Number, Persistent, Sequence, Symbol, Text
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle.trace import Observer

_ITEM_SIZES = {
    "ByteStorage": 1,
    "CharStorage": 1,
    "BoolStorage": 1,
    "UntypedStorage": 1,
    "QInt8Storage": 1,
    "QUInt8Storage": 1,
    "QUInt4x2Storage": 1,
    "QUInt2x4Storage": 1,
    "ShortStorage": 2,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "IntStorage": 4,
    "FloatStorage": 4,
    "QInt32Storage": 4,
    "LongStorage": 8,
    "DoubleStorage": 8,
    "ComplexFloatStorage": 8,
    "ComplexDoubleStorage": 16,
}
_TYPE_SIZES = {
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "complex32": 4,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
    "float4_e2m1fn_x2": 1,
}
_REPORTED = 20


@dataclass(frozen=True, slots=True)
class Storage:
    """One storage as the pickle describes it; sizes in bytes."""

    key: str
    item_size: int | None
    count: int

    @property
    def size(self) -> int | None:
        """Length in bytes, None when the element type is not known."""
        return None if self.item_size is None else self.item_size * self.count


class TensorWatch:
    """Collects storages and checks every tensor that a stream rebuilds."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context = context
        self._place = place
        self._reported = 0
        self.storages: dict[str, Storage] = {}
        self.odd_ids = 0
        self.observers: dict[tuple[str, str], Observer] = {
            ("torch._utils", "_rebuild_tensor"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_tensor_v3"): self._tensor_v3,
            ("torch._utils", "_rebuild_qtensor"): self._tensor,
        }

    def persistent(self, offset: int, pid: Expression) -> None:
        """Take one persistent id."""
        storage = _storage(pid)
        if storage is None:
            self.odd_ids += 1
            if not _module_source(pid):
                self._report(
                    "torch-persistent-id", "a persistent id is not a storage of torch", offset
                )
            return
        known = self.storages.setdefault(storage.key, storage)
        if known.size is not None and storage.size is not None and known.size != storage.size:
            text = f"storage {storage.key[:40]!r} is given two sizes"
            self._report("torch-storage-conflict", text, offset)

    def _tensor(self, offset: int, arguments: tuple[Expression, ...]) -> None:
        self._check(offset, arguments, None)

    def _tensor_v3(self, offset: int, arguments: tuple[Expression, ...]) -> None:
        dtype = arguments[6] if len(arguments) > 6 else None
        size = _TYPE_SIZES.get(dtype.name) if isinstance(dtype, Symbol) else None
        self._check(offset, arguments, size)

    def _check(self, offset: int, arguments: tuple[Expression, ...], item_size: int | None) -> None:
        if len(arguments) < 4 or not isinstance(arguments[0], Persistent):
            return
        storage = _storage(arguments[0].pid)
        numbers = [_numbers(arguments[i]) for i in (1, 2, 3)]
        if storage is None or None in numbers or storage.size is None:
            return
        start = numbers[0][0] if numbers[0] else 0
        sizes, strides = numbers[1] or (), numbers[2] or ()
        if 0 in sizes:
            return
        last = start + sum((n - 1) * s for n, s in zip(sizes, strides, strict=False))
        count = storage.size // (item_size or storage.item_size or 1)
        bad = start < 0 or len(sizes) != len(strides) or min((*sizes, *strides, 0)) < 0
        if bad or last >= count:
            text = (
                f"a tensor of shape {list(sizes)[:8]} views element {last} of storage "
                f"{storage.key[:40]!r}, which has {count}"
            )
            self._report("torch-tensor-bounds", text, offset)

    def _report(self, code: str, text: str, offset: int | None = None) -> None:
        self._reported += 1
        if self._reported <= _REPORTED:
            self._context.anomaly(self._place, "pytorch", code, text, offset)


def item_size(storage_class: str) -> int | None:
    """Return bytes per element of a storage class of torch, None when it is not known."""
    return _ITEM_SIZES.get(storage_class)


def _storage(pid: Expression) -> Storage | None:
    if not isinstance(pid, Sequence) or pid.kind != "tuple" or len(pid.items) < 5:
        return None
    tag, kind, key, _location, count = pid.items[:5]
    if not (isinstance(tag, Text) and tag.value == "storage" and isinstance(kind, Symbol)):
        return None
    if not isinstance(key, Text | Number) or not isinstance(count, Number):
        return None
    number = _number(count)
    if number is None or number < 0:
        return None
    return Storage(str(key.value), _ITEM_SIZES.get(kind.name), number)


def _module_source(pid: Expression) -> bool:
    """``('module', class, source file, source)`` of torch before 1.6: data for a comparison."""
    return (
        isinstance(pid, Sequence)
        and len(pid.items) == 4
        and isinstance(pid.items[0], Text)
        and pid.items[0].value == "module"
    )


def _number(expression: Expression) -> int | None:
    if not isinstance(expression, Number):
        return None
    text = expression.value.lstrip("-")
    return int(expression.value) if text.isdigit() and len(text) < 25 else None


def _numbers(expression: Expression) -> tuple[int, ...] | None:
    if isinstance(expression, Sequence) and expression.total == len(expression.items):
        found = tuple(_number(item) for item in expression.items)
        return None if None in found else found  # type: ignore[return-value]
    single = _number(expression)
    return None if single is None else (single,)
