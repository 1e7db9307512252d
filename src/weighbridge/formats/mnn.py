"""MNN models (alibaba/MNN, schema/default/MNN.fbs): a FlatBuffer without an identifier.

Net: bizCode 0, oplists 3, outputName 4, tensorName 7, subgraphs 10, mnn_uuid 11. Op: inputIndexes
0, main 2, name 3, outputIndexes 4, type 5, externalPath 7. SubGraphProto: tensors 3, nodes 4.
Operators of the types Plugin and Extra name what the application registers for them (type 0). With
``--saveExternalData`` the converter puts the weights into a file of the model's name and
``.weight``. Parameters of other operators are numbers and are not followed, so nothing tells where
the file ends: streams behind what was seen are looked for.
"""

from __future__ import annotations

from weighbridge.errors import MalformedInput
from weighbridge.facts.graphs import ExternalData
from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.flatbuffers import Buffer, Table
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.sources.base import Source

NAME = "mnn"
_FIELDS = range(8, 33)
_LARGEST_TYPE = 4_096
_REGISTERED = {256: "plugin", 512: "extra"}
_NAMES = 20
_INDICES = 4_096
_PATHS = 1_000


def claims(source: Source, head: bytes) -> bool:
    """Say whether the root table could be a Net: as many fields, operators and names of tensors."""
    root = int.from_bytes(head[:4], "little")
    if len(head) < 32 or head[4:8] in (b"TFL3", b"ORTM") or not 8 <= root <= len(head) - 4:
        return False
    vtable = root - int.from_bytes(head[root : root + 4], "little", signed=True)
    if not 0 < vtable <= len(head) - 4:
        return False
    size = int.from_bytes(head[vtable : vtable + 2], "little")
    fields = head[vtable + 4 : vtable + size]
    return not size % 2 and (size - 4) // 2 in _FIELDS and any(fields[6:8]) and any(fields[14:16])


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk operators and subgraphs; False when they are not those of a model.

    Raises:
        MalformedInput: an offset leads out of the file.
        LimitExceeded: there are more tables than are followed.
    """
    model = _Model(context, source, place)
    try:
        recognised = model.recognise()
    except MalformedInput:
        return False
    if recognised:
        model.read()
    return recognised


class _Model:
    def __init__(self, context: Context, source: Source, place: Place) -> None:
        self._context = context
        self._source = source
        self._place = place
        self._buffer = Buffer(source, context.budget)
        self._tally = OperatorTally(NAME)
        self._files: dict[str, list[int]] = {}
        self._odd = 0

    def recognise(self) -> bool:
        """Say whether the first operators and names are what a converter writes."""
        buffer = self._buffer
        root = buffer.root()
        _, names = buffer.vector(root, 7, 4)
        operators = [one for one, _ in zip(buffer.tables(root, 3), range(_NAMES), strict=False)]
        return bool(names and operators) and all(self._plausible(one) for one in operators)

    def _plausible(self, operator: Table) -> bool:
        kind = self._buffer.scalar(operator, 5, 4, signed=True)
        name = self._buffer.text(operator, 3)
        return (
            0 <= kind <= _LARGEST_TYPE
            and (operator.at(4) is not None or operator.at(0) is not None)
            and all(letter.isprintable() for letter in name)
        )

    def read(self) -> None:
        """Read everything."""
        buffer = self._buffer
        root = buffer.root()
        self._context.format(self._place, NAME, self._source.size)
        for text in (0, 11):
            buffer.text(root, text)
        buffer.check_texts(root, 4)
        tensors = buffer.check_texts(root, 7)
        for operator in buffer.tables(root, 3):
            self._operator(operator, tensors)
        for graph in buffer.tables(root, 10):
            _, inner = buffer.vector(graph, 3, 4)
            for operator in buffer.tables(graph, 4):
                self._operator(operator, inner)
        self._tally.state(self._context, self._place)
        name = self._context.file_name(self._place)
        if name:
            self._external(f"{name}.weight", 0, 1)
        for location, (offset, count) in self._files.items():
            self._external(location, offset, count)
        hidden.search(self._context, self._source, self._place, buffer.end)

    def _operator(self, operator: Table, tensors: int) -> None:
        buffer = self._buffer
        kind = buffer.scalar(operator, 5, 4, signed=True)
        if kind in _REGISTERED:
            main = buffer.child(operator, 2)
            self._tally.note(
                buffer.text(main, 0) if main is not None else "", operator.start, _REGISTERED[kind]
            )
        indices = [*buffer.numbers(operator, 0, _INDICES), *buffer.numbers(operator, 4, _INDICES)]
        if any(not -1 <= one < tensors for one in indices):
            self._odd += 1
            if self._odd == 1:
                text = f"an operator refers to a tensor beyond {tensors}"
                self._context.anomaly(self._place, NAME, "mnn-index", text, operator.start)
        location = buffer.text(operator, 7, 1_000)
        if location and (location in self._files or len(self._files) < _PATHS):
            self._files.setdefault(location, [operator.start, 0])[1] += 1

    def _external(self, location: str, offset: int, count: int) -> None:
        member = self._place.member
        fact = ExternalData(member, offset, NAME, "weights", location, count, 0, 0, ())
        self._context.add(fact)
