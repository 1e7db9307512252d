"""Networks of Caffe, as text and as protobuf (BVLC/caffe, src/caffe/proto/caffe.proto).

A NetParameter has a name (1) and layers (100), each with a name (1), a type (2) and, for the type
``Python``, ``python_param`` (130): module (1), layer (2), param_str (3). Caffe imports that module
and makes an instance of the class when the network is loaded (python_layer.hpp).
"""

from __future__ import annotations

import re

from weighbridge.errors import MalformedInput
from weighbridge.facts.repository import Reference
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import raw
from weighbridge.formats.protobuf import BYTES, Field, Wire
from weighbridge.sources.base import Source

NAME = "caffe"
_LAYER = 100
_PYTHON = 130
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]{1,60}\Z")
_LAYER_TYPES = frozenset(
    "Accuracy AnnotatedData BatchNorm Concat Convolution Data Deconvolution Dropout Eltwise "
    "EuclideanLoss Flatten HDF5Data ImageData InnerProduct Input LRN MemoryData Permute Pooling "
    "Power PReLU Python ReLU Reshape Scale Sigmoid SigmoidCrossEntropyLoss Slice Softmax "
    "SoftmaxWithLoss Split TanH".split()
)
_TEXT = re.compile(r"^[ \t]{0,80}layers?[ \t]{0,8}:?[ \t]{0,8}\{", re.M)
_TEXT_TYPE = re.compile(r"^[ \t]{0,80}type:[ \t]{0,8}[\"']?(\w{2,60})", re.M)
_LINE = re.compile(r"\s*(?:#|[\w.]{1,60}\s*:|[\w.]{1,60}\s*\{|\}|[\"']|[-\d])")
_QUOTED = r"[ \t]{0,8}:\s{0,80}[\"']([^\"'\n]{1,200})[\"']"
_PARAMETERS = re.compile(r"python_param\s{0,80}:?\s{0,80}\{([^{}]{0,4000})\}")
_MODULE = re.compile(rf"\bmodule{_QUOTED}")
_CLASS = re.compile(rf"\blayer{_QUOTED}")
_MOST = 200


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with the name of a network."""
    if len(head) < 8 or head[0] != 0x0A:
        return False
    name = head[2 : 2 + head[1]]
    return head[1] < 0x80 and name.isascii() and name.decode().isprintable()


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the layers; False when its fields are not those of a network.

    Raises:
        MalformedInput: a message inside does not fit.
        LimitExceeded: there are more fields than are followed.
    """
    wire = Wire(source, context.budget)
    types: list[str] = []
    references: list[Reference] = []
    try:
        for field in wire.fields(wire.whole()):
            if field.number == _LAYER and field.wire == BYTES:
                _layer(wire, field, types, references, place)
                if len(types) == 1 and _TYPE.match(types[0]) is None:
                    return False
    except MalformedInput:
        if not _known(types):
            return False
        _state(context, source, place, references)
        raw.hidden_streams(context, source, place, 0)
        raise
    if not _known(types):
        return False
    _state(context, source, place, references)
    return True


def _known(types: list[str]) -> bool:
    return any(one in _LAYER_TYPES for one in types)


def _state(context: Context, source: Source, place: Place, references: list[Reference]) -> None:
    context.format(place, NAME, source.size)
    distinct = {reference.value: reference for reference in reversed(references)}
    for reference in list(distinct.values())[:_MOST]:
        context.add(reference)
    if len(distinct) > _MOST:
        context.gap(place, NAME, "limit-references", f"more than {_MOST} layers in Python")


def _layer(
    wire: Wire, layer: Field, types: list[str], references: list[Reference], place: Place
) -> None:
    name = ""
    for field in wire.fields(wire.inner(layer)):
        if field.wire != BYTES:
            continue
        if field.number == 1:
            name = wire.text(field, 100)
        elif field.number == 2 and len(types) < _MOST:
            types.append(wire.text(field, 100))
        elif field.number == _PYTHON:
            given = {f.number: wire.text(f, 200) for f in wire.fields(wire.inner(field))}
            references.append(_reference(place, 0, name, given.get(1, ""), given.get(2, "")))


def _reference(place: Place, line: int, key: str, module: str, name: str) -> Reference:
    return Reference(place.member, line, "caffe-layer", key, f"{module}.{name}"[:300])


def note_network(context: Context, text: str, place: Place) -> bool:
    """Add the Python layers of a network written as text; says whether it is one."""
    if _TEXT.search(text) is None or not _is_settings(text):
        return False
    if not any(match[1] in _LAYER_TYPES for match in _TEXT_TYPE.finditer(text)):
        return False
    for number, match in enumerate(_PARAMETERS.finditer(text)):
        if number >= _MOST:
            context.gap(place, NAME, "limit-references", f"more than {_MOST} layers in Python")
            break
        module, name = _MODULE.search(match[1]), _CLASS.search(match[1])
        line = text.count("\n", 0, match.start()) + 1
        if module is not None:
            shown = name[1] if name is not None else ""
            context.add(_reference(place, line, "python_param", module[1], shown))
    return True


def _is_settings(text: str) -> bool:
    """Say whether the lines are those of a network, and not of a text about one."""
    lines = [line for line in text.splitlines() if line.strip()]
    return 10 * sum(_LINE.match(line) is not None for line in lines) >= 9 * len(lines)
