"""ONNX models (onnx/onnx.proto, docs/IR.md, docs/ExternalData.md).

ModelProto: ir_version 1, producer_name 2, producer_version 3, domain 4, model_version 5, doc_string
6, graph 7, opset_import 8 (domain 1, version 2), metadata_props 14 (key 1, value 2), training_info
20 (initialization 1, algorithm 2), functions 25, configuration 26. There is no magic number, so the
fields have to make sense together. Initialisers are skipped without being read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded, ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.onnx.graph import Graphs
from weighbridge.formats.onnx.tensors import NAME as NAME
from weighbridge.formats.onnx.tensors import Tensors
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Wire, could_begin, signed
from weighbridge.sources.base import Source
from weighbridge.text.secrets import mask

LOADERS = ("onnx.load", "onnxruntime.InferenceSession")
_TEXTS = {2: "producer_name", 3: "producer_version", 4: "domain"}
_WIRES = {
    1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: BYTES, 7: BYTES, 8: BYTES, 14: BYTES,
    20: BYTES, 25: BYTES, 26: BYTES,
}  # fmt: skip
_TOP_FIELDS = 200_000
_KEPT = 20_000
_NEWEST_IR = 100
_PRODUCER = 4_096
_METADATA_SHOWN = 200
_NAMED = 64


@dataclass(slots=True)
class _Model:
    """The top level of a model."""

    version: int = 0
    number: int = 0
    texts: dict[int, Field] = field(default_factory=dict)
    graphs: list[Field] = field(default_factory=list)
    opsets: list[Field] = field(default_factory=list)
    properties: list[Field] = field(default_factory=list)
    training: list[Field] = field(default_factory=list)
    functions: list[Field] = field(default_factory=list)
    foreign: list[Field] = field(default_factory=list)
    error: ParseError | None = None


def claims(source: Source, head: bytes) -> bool:
    """Say whether the bytes could begin with a field."""
    return could_begin(head)


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the structure; False when the fields make no model."""
    wire = Wire(source, context.budget)
    model = _top(wire)
    if not _plausible(wire, model):
        return False
    _describe(context, place, wire, model, source.size)
    tensors = Tensors(context, place, wire)
    graphs = Graphs(context, place, wire, tensors)
    try:
        for item in model.functions:
            graphs.function(wire.inner(item))
        for item in model.graphs:
            graphs.graph(wire.inner(item), "graph")
        for item in model.training:
            for part in wire.fields(wire.inner(item)):
                if part.number in (1, 2) and part.wire == BYTES:
                    graphs.graph(wire.inner(part), "training graph")
    finally:
        graphs.finish()
        tensors.finish()
    _foreign(context, place, wire, model)
    if model.error is not None:
        raise model.error
    return True


def _top(wire: Wire) -> _Model:
    model = _Model()
    lists = {
        7: model.graphs,
        8: model.opsets,
        14: model.properties,
        20: model.training,
        25: model.functions,
    }
    try:
        for count, item in enumerate(wire.fields(wire.whole())):
            if count >= _TOP_FIELDS:
                return _Model()
            if _WIRES.get(item.number) != item.wire:
                model.foreign.append(item) if len(model.foreign) < _NAMED else None
            elif item.number == 1:
                model.version = signed(item.value)
            elif item.number == 5:
                model.number = signed(item.value)
            elif item.number in _TEXTS:
                model.texts[item.number] = item
            elif item.number in lists:
                if len(lists[item.number]) >= _KEPT:
                    text = f"more than {_KEPT} fields of one kind"
                    raise LimitExceeded("limit-onnx-fields", text, item.start)
                lists[item.number].append(item)
    except ParseError as error:
        model.error = error
    return model


def _plausible(wire: Wire, model: _Model) -> bool:
    """A graph or functions, and a version of the format or of an operator set.

    pnnx writes a graph alone, for people to look at, which begins with a node of its own.
    """
    if not 0 <= model.version <= _NEWEST_IR:
        return False
    named = bool(model.version) or any(_opset(wire, item) for item in model.opsets[:_NAMED])
    bodies = [(item, 1) for item in model.graphs[:_NAMED]]
    bodies += [(item, 7) for item in model.functions[:_NAMED]]
    named = named or any(_from_pnnx(wire, item) for item in model.graphs[:1])
    return named and any(_graph(wire, item, node) for item, node in bodies)


def _from_pnnx(wire: Wire, graph: Field) -> bool:
    """Say whether the first node of a graph is what pnnx calls an input."""
    try:
        first = next(wire.fields(wire.inner(graph)))
        kinds = [part for part in wire.fields(wire.inner(first)) if part.number == 4]
        return any(part.wire == BYTES and wire.text(part) == "pnnx.Input" for part in kinds)
    except (ParseError, StopIteration):
        return False


def _opset(wire: Wire, item: Field) -> tuple[str, int] | None:
    domain, version = "", None
    try:
        for part in wire.fields(wire.inner(item)):
            if part.number == 1 and part.wire == BYTES and part.size <= 300:
                domain = wire.text(part)
            elif part.number == 2 and part.wire == VARINT:
                version = signed(part.value)
    except ParseError:
        return None
    return None if version is None else (domain, version)


def _graph(wire: Wire, item: Field, node: int) -> bool:
    """Tell a graph or function by its first nodes, initialisers or outputs."""
    evidence = 0
    try:
        for count, part in enumerate(wire.fields(wire.inner(item))):
            if part.wire != BYTES or count > 5_000:
                break
            if part.number == node and _is_node(wire, part):
                return True
            if node == 1 and part.number in (2, 5, 11, 12, 13):
                evidence |= 1 << part.number
    except ParseError:
        return False
    return evidence.bit_count() >= 2


def _is_node(wire: Wire, item: Field) -> bool:
    try:
        for part in wire.fields(wire.inner(item)):
            if part.number == 4 and part.wire == BYTES and 0 < part.size <= 200:
                text = wire.text(part)
                return text.isprintable() and " " not in text
    except ParseError:
        pass
    return False


def _describe(context: Context, place: Place, wire: Wire, model: _Model, size: int) -> None:
    texts = {_TEXTS[number]: wire.text(item, 300) for number, item in model.texts.items()}
    opsets = [found for item in model.opsets[:_NAMED] if (found := _opset(wire, item))]
    producer = f"{texts.get('producer_name', '')} {texts.get('producer_version', '')}".strip()
    context.format(
        place,
        NAME,
        size,
        ir_version=model.version or None,
        producer=producer or None,
        opset=next((version for domain, version in opsets if domain in ("", "ai.onnx")), None),
    )
    if model.version:
        context.metadata(place, NAME, "ir_version", str(model.version))
    if model.number:
        context.metadata(place, NAME, "model_version", str(model.number))
    for key, value in texts.items():
        context.metadata(place, NAME, key, mask(value))
    for domain, version in opsets:
        context.metadata(place, NAME, f"opset_import {domain or 'ai.onnx'}", str(version))
    for item in model.properties[:_METADATA_SHOWN]:
        key = value = ""
        for part in wire.fields(wire.inner(item)):
            if part.wire == BYTES and part.number == 1:
                key = wire.text(part, 200)
            elif part.wire == BYTES and part.number == 2:
                value = wire.text(part, 2000)
        context.metadata(place, NAME, f"metadata_props {key}", mask(value))


def _foreign(context: Context, place: Place, wire: Wire, model: _Model) -> None:
    """Fields that belong to no model: another reader may take the file for something else."""
    for item in model.foreign:
        known = item.number in _WIRES
        if known or (item.wire == BYTES and item.size > 64):
            text = f"the field {item.number} of {item.size} bytes belongs to no ONNX model"
            code = "protobuf-wire-mismatch" if known else "protobuf-unknown-field"
            context.anomaly(place, NAME, code, text, item.start)
    for number, item in model.texts.items():
        # CatBoost writes what Git says of its build, in lines.
        data = wire.bytes_of(item, _PRODUCER)
        if item.size > _PRODUCER or any(byte < 32 and byte not in b"\t\r\n" for byte in data):
            text = f"the {_TEXTS[number]} is no text ({item.size} bytes)"
            context.anomaly(place, NAME, "protobuf-wire-mismatch", text, item.start)
