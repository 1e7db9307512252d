"""Graphs of MindSpore, ``.mindir`` (mindspore, core/proto/mind_ir.proto), walked as protobuf.

A model has a version (1) and a producer (2) as texts, a graph (7), further graphs (8) and the
primitives that their nodes refer to as ``REF::name`` (12); in older files a node names its operator
itself. Loading one compiles its graphs. Three primitives then run Python, ``PyExecute`` the text of
a constant: no exporter writes them ("Cannot export a PyExecute CNode in MindIR"), MindSpore 2.7
runs them, 2.10 refuses them (frontend/jit/ps/validator.cc). ``Custom`` of the kind ``aot`` opens
the library that its attribute names, in 2.10 as well. Large weights stand in files beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.errors import MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.file_tally import FileTally
from weighbridge.formats.operator_tally import Arguments, OperatorTally
from weighbridge.formats.pickle import raw
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Message, Wire
from weighbridge.sources.base import Source

NAME = "mindir"
_VERSION = re.compile(rb"\x0a[\x01-\x10][0-9][0-9.A-Za-z_-]{0,15}[\x12\x1a\x22\x2a]")
_TEXTS, _MESSAGES = frozenset((1, 2, 3, 4, 5, 6)), frozenset((7, 8, 9, 11, 12, 14))
_GRAPH, _FUNCTIONS, _PRIMITIVES = 7, 8, 12
_NODE, _PARAMETER, _MAP_PARAMETER = 1, 3, 10
_INPUT, _OUTPUT, _OPERATOR, _ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ONE_TEXT, _TENSOR, _TEXT_LIST, _TENSORS, _VALUES = 1, 5, 6, 11, 12, 17
_EXTERNAL = 12
_REFERENCE = "REF::"
_IN_PYTHON = frozenset({"PyExecute", "PyInterpret", "PyFunc"})
_CUSTOM = "Custom"
_TELLING = ("func_type", "func_name", "path")
_MOST_CONSTANTS = 20_000


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with a version as text."""
    return _VERSION.match(head) is not None


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the model; False when its fields are not those of one.

    Raises:
        MalformedInput: a message inside does not fit.
        LimitExceeded: messages are nested too deeply, or are too many.
    """
    wire = Wire(source, context.budget)
    if not _is_model(wire):
        return False
    context.format(place, NAME, source.size)
    walk = _Walk(wire)
    try:
        walk.run()
    except MalformedInput:
        raw.hidden_streams(context, source, place, 0)
        raise
    finally:
        walk.state(context, place)
    return True


def _is_model(wire: Wire) -> bool:
    """Say whether a graph comes before any field that no model has."""
    graph = False
    try:
        for field in wire.fields(wire.whole()):
            known = (_TEXTS | _MESSAGES) if field.wire == BYTES else (5, 10, 13)
            if field.number not in known:
                return graph
            graph = graph or (field.number == _GRAPH and field.wire == BYTES)
    except MalformedInput:
        return graph
    return graph


class _Walk:
    """Reads what primitives and nodes say; their tensors are passed over."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tally = OperatorTally(NAME)
        self._files = FileTally(NAME)
        self._primitives: dict[str, tuple[str, Arguments]] = {}
        self._constants: dict[str, str] = {}

    def run(self) -> None:
        """Read the primitives first, for nodes name them."""
        known = _TEXTS | _MESSAGES | {10, 13}
        graphs: list[Message] = []
        odd = False
        for field in self._wire.fields(self._wire.whole()):
            odd = odd or field.number not in known
            if field.wire != BYTES:
                continue
            if field.number in (_GRAPH, _FUNCTIONS):
                graphs.append(self._wire.inner(field))
            elif field.number == _PRIMITIVES:
                self._primitive(field)
        for graph in graphs:
            self._graph(graph)
        if odd:
            raise MalformedInput("mindir-foreign-field", "a field is none of a model's", 0)

    def _primitive(self, field: Field) -> None:
        name = operator = ""
        given: list[tuple[str, str]] = []
        for one in self._inside(field):
            if one.number == 1:
                name = self._wire.text(one)
            elif one.number == 2:
                operator = self._wire.text(one)
            elif one.number == 3:
                given += self._attribute(one)
        self._primitives[name] = (operator, _told(operator, given))
        # Whether a node refers to it or a value of some node holds it makes no difference.
        if operator not in _IN_PYTHON:
            self._tally.note(
                operator, field.start, _domain(operator, given), _told(operator, given)
            )

    def _graph(self, graph: Message) -> None:
        for field in self._wire.fields(graph):
            if field.wire != BYTES:
                continue
            if field.number == _NODE:
                self._node(field)
            elif field.number == _PARAMETER:
                self._tensor(field)
            elif field.number == _MAP_PARAMETER:
                for one in self._inside(field):
                    if one.number in (3, 4, 5):
                        self._tensor(one)

    def _node(self, field: Field) -> None:
        inputs: list[str] = []
        outputs: list[str] = []
        operator = ""
        given: list[tuple[str, str]] = []
        for one in self._inside(field):
            if one.number == _INPUT and len(inputs) < 3:
                inputs.append(self._wire.text(one))
            elif one.number == _OUTPUT and len(outputs) < 3:
                outputs.append(self._wire.text(one))
            elif one.number == _OPERATOR:
                operator = self._wire.text(one)
            elif one.number == _ATTRIBUTE:
                given += self._attribute(one)
        if operator == "Constant":
            text = next((text for key, text in given if key == "value"), None)
            if text is not None and len(self._constants) < _MOST_CONSTANTS:
                self._constants.update(dict.fromkeys(outputs, text))
            return
        referred = self._primitives.get(operator.removeprefix(_REFERENCE))
        if operator.startswith(_REFERENCE) and referred is not None:
            operator = referred[0]
            if operator not in _IN_PYTHON:
                return  # noted with the primitive
        told = _told(operator, given)
        if operator in _IN_PYTHON:
            texts = [self._constants[name] for name in inputs if name in self._constants]
            told = (*told, *((("script", texts[0]),) if texts else ()))
        self._tally.note(operator, field.start, _domain(operator, given), told)

    def _attribute(self, field: Field) -> list[tuple[str, str]]:
        """Return the texts of an attribute under its name, and follow its tensors."""
        name, texts = "", []
        for one in self._inside(field):
            if one.number == _ATTRIBUTE_NAME:
                name = self._wire.text(one)
            elif one.number in (_ONE_TEXT, _TEXT_LIST):
                texts.append(self._wire.text(one, 2_000))
            elif one.number in (_TENSOR, _TENSORS):
                self._tensor(one)
            elif one.number == _VALUES:
                texts += [text for _, text in self._attribute(one)]
        return [(name, text) for text in texts[:8]]

    def _tensor(self, field: Field) -> None:
        for one in self._inside(field):
            if one.number != _EXTERNAL:
                continue
            location, offset, length = "", 0, 0
            for part in self._wire.fields(self._wire.inner(one)):
                if part.number == 1 and part.wire == BYTES:
                    location = self._wire.text(part)
                elif part.wire == VARINT:
                    offset = part.value if part.number == 2 else offset
                    length = part.value if part.number == 3 else length
            self._files.note("tensor", location, one.start, offset + length)

    def _inside(self, field: Field) -> Iterator[Field]:
        """Yield the fields of a message that are texts or messages themselves."""
        return (f for f in self._wire.fields(self._wire.inner(field)) if f.wire == BYTES)

    def state(self, context: Context, place: Place) -> None:
        """Add the facts."""
        for operator, told in self._primitives.values():
            if operator in _IN_PYTHON and not self._tally.knows(operator):
                self._tally.note(operator, 0, "", told)
        self._tally.state(context, place)
        self._files.state(context, place)


def _told(operator: str, given: list[tuple[str, str]]) -> Arguments:
    """Return what an operator that the program brings says about itself."""
    return tuple(one for one in given if operator == _CUSTOM and one[0] in _TELLING)


def _domain(operator: str, given: list[tuple[str, str]]) -> str:
    kinds = [text for key, text in given if key == "func_type"]
    return kinds[-1] if operator == _CUSTOM and kinds else ""
