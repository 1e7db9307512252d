"""TFLite models (tensorflow/compiler/mlir/lite/schema/schema.fbs).

A FlatBuffer with the identifier TFL3 at offset 4. Model: version 0, operator_codes 1, subgraphs 2,
description 3, buffers 4, metadata 6, external_buffer_groups 8, external_buffers 9. OperatorCode:
deprecated code 0, custom_code 1, code 3. SubGraph: tensors 0, operators 3. Tensor: shape 0, type 1,
buffer 2, name 3. Operator: opcode_index 0, inputs 1, outputs 2, custom_options 5. Buffer: data 0,
offset 1, size 2 (data behind the FlatBuffer). Metadata may append a ZIP with labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from weighbridge.facts.graphs import ExternalData, ForeignText, Operator
from weighbridge.facts.structure import Anomaly, Format
from weighbridge.formats.context import Context, Place
from weighbridge.formats.flatbuffers import Buffer, Table
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source
from weighbridge.tables.tensorflow import operator_names

NAME = "tflite"
_CUSTOM = 32
_STRING = 5
# Bits of an element, by TensorType; strings, resources and variants have no fixed size.
_BITS = {
    0: 32, 1: 16, 2: 32, 3: 8, 4: 64, 6: 8, 7: 16, 8: 64, 9: 8, 10: 64, 11: 128, 12: 64, 15: 32,
    16: 16, 17: 4, 18: 16, 19: 2, 20: 4,
}  # fmt: skip
_RANK = 64
_ABSURD = 1 << 44
_SHOWN = 20
_PATHS = 50
_TEXT = 4_096
_PATH = re.compile(rb"(?:/|[A-Za-z]:[\\/]|[A-Za-z][A-Za-z0-9+.-]{1,20}://|\.\./)[\x20-\x7e]{2,300}")
_PADDING = 64
_FLEX = "Flex"
_OPTIONS = 256 << 10
_ZIP = b"PK\x03\x04"


@dataclass(slots=True)
class _Data:
    """The data of one buffer; outside the FlatBuffer when `behind`."""

    start: int
    size: int
    behind: bool


@dataclass(slots=True)
class _Code:
    name: str
    custom: bool
    offset: int
    count: int = 0
    texts: list[str] = field(default_factory=list)


def claims(source: Source, head: bytes) -> bool:
    """Say whether the identifier is there."""
    return head[4:8] == b"TFL3"


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the structure; the data of buffers is not read, except short texts."""
    reader = _Reader(context, source, place)
    reader.read()
    return True


class _Reader:
    def __init__(self, context: Context, source: Source, place: Place) -> None:
        self._context = context
        self._source = source
        self._place = place
        self._buffer = Buffer(source, context.budget)
        self._data: list[_Data] = []
        self._codes: list[_Code] = []
        self._inner: dict[str, _Code] = {}
        self._odd: dict[str, int] = {}
        self._texts = 0

    def read(self) -> None:
        """Read the model."""
        buffer = self._buffer
        self._context.format(self._place, NAME, self._source.size)
        model = buffer.root()
        version = buffer.scalar(model, 0, 4)
        self._context.metadata(self._place, NAME, "version", str(version))
        if description := buffer.text(model, 3):
            self._context.metadata(self._place, NAME, "description", description)
        self._codes = [self._code(table) for table in buffer.tables(model, 1)]
        self._data = [self._one_buffer(table) for table in buffer.tables(model, 4)]
        for table in buffer.tables(model, 2):
            self._subgraph(table)
        self._metadata(model)
        self._external(model)
        self._state()
        self._end()

    def _code(self, table: Table) -> _Code:
        old = self._buffer.scalar(table, 0, 1, signed=True)
        number = max(old, self._buffer.scalar(table, 3, 4, signed=True))
        custom = self._buffer.text(table, 1)
        return _Code(custom if number == _CUSTOM else str(number), number == _CUSTOM, table.start)

    def _one_buffer(self, table: Table) -> _Data:
        offset, size = self._buffer.scalar(table, 1, 8), self._buffer.scalar(table, 2, 8)
        if offset > 1:
            if offset + size > self._source.size:
                text = f"a buffer of {size} bytes at {offset} is not in the file"
                self._anomaly("tflite-buffer", table.start, text)
            return _Data(offset, size, True)
        start, count = self._buffer.vector(table, 0, 1)
        return _Data(start, count, False)

    def _subgraph(self, table: Table) -> None:
        buffer = self._buffer
        strings: dict[int, _Data] = {}
        count = 0
        for number, tensor in enumerate(buffer.tables(table, 0)):
            count += 1
            data = self._tensor(tensor)
            if data is not None:
                strings[number] = data
        for operator in buffer.tables(table, 3):
            index = buffer.scalar(operator, 0, 4)
            if index >= len(self._codes):
                self._anomaly("tflite-index", operator.start, f"operator code {index} is missing")
                continue
            code = self._codes[index]
            code.count += 1
            inputs = buffer.numbers(operator, 1, 4_096)
            if any(not -1 <= one < count for one in [*inputs, *buffer.numbers(operator, 2, 4_096)]):
                text = f"an operator refers to a tensor beyond {count}"
                self._anomaly("tflite-index", operator.start, text)
            if code.custom and len(code.texts) < _SHOWN:
                for one in inputs:
                    code.texts += self._strings(strings[one]) if one in strings else []
                self._options(operator, code)
        for data in list(strings.values())[: 10 * _PATHS]:
            for text in self._paths(data.start, data.size):
                self._foreign(table.start, text)

    def _options(self, operator: Table, code: _Code) -> None:
        """The Flex delegate runs the node that the options hold, whatever the code is called."""
        spans = [self._buffer.vector(operator, 5, 1)]
        if large := self._buffer.scalar(operator, 9, 8):
            spans.append((large, self._buffer.scalar(operator, 10, 8)))
        for start, size in spans:
            code.texts += self._paths(start, size)
            raw = self._source.read_at(start, min(size, _OPTIONS)) if size else b""
            if not code.name.startswith(_FLEX):
                continue
            for name in operator_names():
                tag = b"\x12" + bytes([len(name)]) + name.encode()
                if tag in raw and code.name != _FLEX + name:
                    self._inner.setdefault(
                        name, _Code(_FLEX + name, True, code.offset, 0, code.texts)
                    )
                    self._inner[name].count += 1

    def _tensor(self, tensor: Table) -> _Data | None:
        """Hold shape against data; return the data of a constant string tensor."""
        buffer = self._buffer
        dims = buffer.numbers(tensor, 0, _RANK + 1)
        kind = buffer.scalar(tensor, 1, 1)
        index = buffer.scalar(tensor, 2, 4)
        if index >= len(self._data) and (index or self._data):
            self._anomaly("tflite-index", tensor.start, f"buffer {index} is missing")
            return None
        data = self._data[index] if self._data else None
        product = 1
        for extent in dims:
            product = min(product * abs(extent), 1 << 80)
        if len(dims) > _RANK or any(extent < -1 for extent in dims) or product >= _ABSURD:
            name = buffer.text(tensor, 3, 80)
            self._anomaly("tflite-shape", tensor.start, f"tensor {name!r} has an impossible shape")
        elif data is not None and data.size and kind in _BITS and buffer.child(tensor, 6) is None:
            expected = -(-product * _BITS[kind] // 8)
            if data.size < expected:
                text = f"a tensor needs {expected} bytes, its buffer has {data.size}"
                self._anomaly("tflite-size", tensor.start, text)
        return data if kind == _STRING and data is not None and data.size else None

    def _strings(self, data: _Data) -> list[str]:
        """A string tensor: the count, count + 1 offsets, and the bytes."""
        raw = self._read(data.start, data.size)
        count = int.from_bytes(raw[:4], "little")
        if not 0 < count <= _SHOWN or len(raw) < 8 + 4 * count:
            return []
        ends = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "little") for i in range(count + 1)]
        pairs = zip(ends, ends[1:], strict=False)
        return [raw[a:b].decode("utf-8", "backslashreplace")[:300] for a, b in pairs]

    def _paths(self, start: int, size: int) -> list[str]:
        raw = self._read(start, size) if size else b""
        return [found.decode("ascii") for found in _PATH.findall(raw)[:_SHOWN]]

    def _read(self, start: int, size: int) -> bytes:
        if start + size > self._source.size:
            return b""
        return self._source.read_at(start, min(size, _TEXT))

    def _foreign(self, offset: int, text: str) -> None:
        self._texts += 1
        if self._texts <= _PATHS:
            self._context.add(
                ForeignText(self._place.member, offset, NAME, "string tensor", "", text)
            )

    def _metadata(self, model: Table) -> None:
        for entry in self._buffer.tables(model, 6):
            name = self._buffer.text(entry, 0, 100)
            index = self._buffer.scalar(entry, 1, 4)
            if index >= len(self._data):
                self._anomaly("tflite-index", entry.start, f"buffer {index} is missing")
            elif name in ("min_runtime_version", "CONVERSION_METADATA"):
                raw = self._read(self._data[index].start, self._data[index].size)
                found = re.search(rb"\d+\.\d+\.\d+[\w.+-]{0,40}", raw)
                if found is not None:
                    text = found[0].decode("ascii")
                    self._context.metadata(self._place, NAME, name, text)

    def _external(self, model: Table) -> None:
        """Buffers in other files: groups name the file, buffers have group, offset and length."""
        for number, group in enumerate(self._buffer.tables(model, 8)):
            if number >= 1_000:
                break
            location = self._buffer.text(group, 0, 1_000)
            member = self._place.member
            fact = ExternalData(member, group.start, NAME, "", location, 1, 0, 0, ())
            self._context.add(fact)

    def _state(self) -> None:
        for code in [*self._codes[:5_000], *self._inner.values()]:
            if not code.custom:
                continue
            arguments = tuple(("constant", text) for text in dict.fromkeys(code.texts))[:_SHOWN]
            self._context.add(
                Operator(
                    member=self._place.member,
                    offset=code.offset,
                    format=NAME,
                    domain="",
                    name=code.name,
                    where="graph" if code.count else "operator codes",
                    role="",
                    count=code.count,
                    arguments=arguments,
                    resolved=bool(arguments),
                    hidden=False,
                )
            )

    def _end(self) -> None:
        """Account for what follows the FlatBuffer: buffers, a ZIP of the metadata, or neither."""
        end = max([self._buffer.end, *(d.start + d.size for d in self._data if d.behind)])
        if self._source.read_at(end, _PADDING).lstrip(b"\0")[:4] == _ZIP:
            # The archive's reader has been here before and wondered about the bytes in front.
            self._context.facts[:] = [
                fact
                for fact in self._context.facts
                if not (isinstance(fact, Format) and self._is_ours(fact) and fact.format == "zip")
                and not (
                    isinstance(fact, Anomaly)
                    and self._is_ours(fact)
                    and fact.code == "zip-prepended"
                )
            ]
        elif end + _PADDING < self._source.size:
            trailing(self._context, self._source, self._place, NAME, end)

    def _is_ours(self, fact: Format | Anomaly) -> bool:
        return fact.member == self._place.member

    def _anomaly(self, code: str, offset: int, text: str) -> None:
        self._odd[code] = self._odd.get(code, 0) + 1
        if self._odd[code] <= _SHOWN:
            self._context.anomaly(self._place, NAME, code, text, offset)
