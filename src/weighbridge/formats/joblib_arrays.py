"""Arrays that joblib writes between the opcodes of a pickle.

Layout (joblib ``numpy_pickle.NumpyArrayWrapper.write_array``): right behind the BUILD of a wrapper
comes, for object arrays, a whole pickle; for others, if the wrapper's state has
``numpy_array_alignment_bytes``, one byte that counts padding bytes and these, then the raw items.
"""

from __future__ import annotations

import re

from weighbridge.errors import LimitExceeded
from weighbridge.facts.expressions import Expression, Mapping, Number, Result, Sequence, Text
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import analysis
from weighbridge.formats.pickle.trace import Builder, Trace
from weighbridge.sources.base import Source

_WRAPPERS = (
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
)
_TYPE = re.compile(r"[<>|=]?([a-zA-Z?])(\d*)(?:\[\w+\])?", re.ASCII)
_SIZES = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8}
_SIZES |= {"e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32}
_UNKNOWN = 1 << 62


class ArrayReader:
    """Skips raw arrays and runs nested pickles while a stream is being executed."""

    def __init__(self, context: Context, source: Source, place: Place) -> None:
        self._context = context
        self._source = source
        self._place = place.inside("array", origin="array")
        self._nested: list[Trace] = []
        self.builders: dict[tuple[str, str], Builder] = dict.fromkeys(_WRAPPERS, self._build)

    def finish(self) -> None:
        """Add the facts of the nested pickles, once the outer stream has ended."""
        for trace in self._nested:
            analysis.emit(self._context, trace, self._source, self._place)
            if trace.error is not None:
                text = f"the pickle of an object array breaks off ({trace.error})"
                self._context.gap(
                    self._place, "joblib", f"malformed-{trace.error}", text, trace.end
                )

    def _build(self, state: Expression, trace: Trace, offset: int) -> int:
        """Return where the unpickler goes on behind the array at `offset`."""
        fields = _fields(state)
        size, holds_objects = _item_size(fields.get("dtype"), trace)
        if holds_objects:
            return self._object_array(offset)
        if size is None:
            text = "an array of a type that is not understood ends the examination"
            self._context.gap(self._place, "joblib", "unsupported-array-type", text, offset)
            return self._source.size
        if "numpy_array_alignment_bytes" in fields:
            padding = self._source.read_at(offset, 1)
            offset += 1 + (padding[0] if padding else 0)
        return min(offset + size * _count(fields.get("shape")), self._source.size + 1)

    def _object_array(self, offset: int) -> int:
        if len(self._nested) >= 10_000:
            raise LimitExceeded("limit-arrays", "more than 10,000 object arrays in one stream")
        inner = self._context.interpreter(1)
        trace = inner.run(self._source, offset, self._context.budget, analysis.attention())
        self._nested.append(trace)
        return trace.end if trace.stopped else self._source.size


def _fields(state: Expression) -> dict[str, Expression]:
    if not isinstance(state, Mapping):
        return {}
    pairs = zip(state.items[::2], state.items[1::2], strict=False)
    return {key.value: value for key, value in pairs if isinstance(key, Text)}


def _count(shape: Expression | None) -> int:
    if not isinstance(shape, Sequence) or shape.total != len(shape.items):
        return _UNKNOWN
    count = 1
    for item in shape.items:
        text = item.value if isinstance(item, Number) else "-1"
        size = int(text) if text.isdigit() and len(text) < 19 else _UNKNOWN
        count = min(count * size, _UNKNOWN)
    return count


def _item_size(dtype: Expression | None, trace: Trace, depth: int = 0) -> tuple[int | None, bool]:
    """Return bytes per item and whether items are objects, from the ``numpy.dtype`` call."""
    if not isinstance(dtype, Result) or depth > 8:
        return None, False
    call = trace.calls[dtype.call]
    name = call.arguments[0] if call.arguments else None
    if not isinstance(name, Text):
        return None, False
    size, objects = type_size(name.value)
    return size, objects or any(_holds_objects(state, trace, depth) for state in call.states)


def type_size(descr: str) -> tuple[int | None, bool]:
    """Return bytes per item and whether it is an object, for a NumPy type string such as ``<f8``.

    The size is None when the string is not understood.
    """
    match = _TYPE.fullmatch(descr)
    if match is None:
        return None, False
    letter, digits = match.groups()
    if letter == "O":
        return 8, True
    if digits:
        size = int(digits[:12])
        return (size * 4 if letter == "U" else size), False
    return _SIZES.get(letter), False


def _holds_objects(state: Expression, trace: Trace, depth: int) -> bool:
    """Look through the fields or the subarray type in a dtype's pickled state."""
    if isinstance(state, Sequence):
        return any(_holds_objects(item, trace, depth) for item in state.items)
    if isinstance(state, Mapping):
        return any(_holds_objects(item, trace, depth) for item in state.items)
    if isinstance(state, Result):
        return _item_size(state, trace, depth + 1)[1]
    return False
