"""Nodes of an ONNX model: of its graph, of graphs inside attributes, of local functions.

GraphProto: node 1, name 2, initializer 5, input 11, output 12, sparse_initializer 15. NodeProto:
op_type 4, attribute 5, domain 7. AttributeProto: t 5, g 6, tensors 10, graphs 11, sparse_tensor 22,
sparse_tensors 23. FunctionProto: name 1, node 7, opset_import 9, domain 10, attribute_proto 11.

`EPContext` of ONNX Runtime stands for what a backend compiled (docs: EP context design): it is in
the attribute `ep_cache_context`, or with `embed_mode` 0 in the file of that name.
"""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.containers.paths import judge_name
from weighbridge.errors import LimitExceeded
from weighbridge.facts.graphs import Operator
from weighbridge.formats.context import Context, Place
from weighbridge.formats.onnx.tensors import NAME, Tensors
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Message, Wire

_OPERATORS = 5_000
_SCALARS = (7, 8)
_CALLEES = 8
_COMPILED = "EPContext"


@dataclass(slots=True)
class _Seen:
    offset: int
    where: str
    count: int = 0
    callees: tuple[str, ...] = ()


class Graphs:
    """Collects the operators of one model."""

    def __init__(self, context: Context, place: Place, wire: Wire, tensors: Tensors) -> None:
        self._context = context
        self._place = place
        self._wire = wire
        self._tensors = tensors
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._local: set[tuple[str, str]] = set()
        self.nodes = 0

    def graph(self, message: Message, where: str) -> None:
        """Take in a graph and everything inside it."""
        for item in self._wire.fields(message):
            if item.wire != BYTES:
                continue
            if item.number == 1:
                self._node(self._wire.inner(item), where)
            elif item.number == 5:
                self._tensors.read(self._wire.inner(item))
            elif item.number == 15:
                self._tensors.sparse(self._wire.inner(item))

    def function(self, message: Message) -> None:
        """Take in a function that the model defines."""
        names = {1: "", 10: ""}
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number in names:
                names[item.number] = self._wire.text(item, 300)
        name, domain = names[1], names[10]
        self._local.add((domain, name))
        where = f"function {domain}.{name}" if domain else f"function {name}"
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number == 7:
                self._node(self._wire.inner(item), where)
            elif item.wire == BYTES and item.number == 11:
                self._attribute(self._wire.inner(item), where, "")

    def finish(self) -> None:
        """State which operators the model uses."""
        for (domain, name), seen in self._seen.items():
            self._context.add(
                Operator(
                    self._place.member,
                    seen.offset,
                    NAME,
                    domain,
                    name,
                    seen.where,
                    "local" if (domain, name) in self._local else "",
                    seen.count,
                    tuple(("calls", callee) for callee in seen.callees),
                    True,
                    False,
                )
            )

    def _node(self, message: Message, where: str) -> None:
        self.nodes += 1
        name = domain = ""
        attributes: list[Field] = []
        for item in self._wire.fields(message):
            if item.wire != BYTES:
                continue
            if item.number == 4:
                name = self._wire.text(item, 200)
            elif item.number == 7:
                domain = self._wire.text(item, 200)
            elif item.number == 5:
                attributes.append(item)
        seen = self._seen.get((domain, name))
        if seen is None:
            if len(self._seen) >= _OPERATORS:
                raise LimitExceeded(
                    "limit-operators", f"more than {_OPERATORS} kinds of operators", message.start
                )
            seen = self._seen[(domain, name)] = _Seen(message.start, where)
        seen.count += 1
        if name == _COMPILED:
            self._compiled(attributes, message.start)
        for item in attributes:
            text = self._attribute(self._wire.inner(item), where, name)
            if text and seen.count == 1 and len(seen.callees) < _CALLEES:
                seen.callees += (text,)

    def _compiled(self, attributes: list[Field], offset: int) -> None:
        """State a file of a backend that stands outside of the model's folder."""
        paths: list[str] = []
        beside = False
        for attribute in attributes:
            label, text = "", ""
            number = 0
            for item in self._wire.fields(self._wire.inner(attribute), _SCALARS):
                if item.wire == BYTES and item.number == 1:
                    label = self._wire.text(item, 40)
                elif item.wire == BYTES and item.number == 4:
                    text = self._wire.text(item, 1000)
                elif item.wire == VARINT and item.number == 3:
                    number = item.value
            beside = beside or label == "embed_mode" and not number
            paths += [text] if label == "ep_cache_context" else []
        for path in paths[:_CALLEES] if beside else ():
            fault = judge_name(path)
            if fault is not None and fault.code == "archive-name-escape":
                shown = f"what a backend compiled is read from {path[:120]!r}: {fault.text}"
                self._context.anomaly(self._place, NAME, "index-path-escape", shown, offset)

    def _attribute(self, message: Message, where: str, operator: str) -> str:
        """Follow graphs and tensors of an attribute; return the text of one that names code."""
        label = text = ""
        for item in self._wire.fields(message, _SCALARS):
            if item.wire != BYTES:
                continue
            if item.number in (6, 11):
                inner = f"{where}, inside {operator}" if operator else where
                self.graph(self._wire.inner(item), inner[:400])
            elif item.number in (5, 10):
                self._tensors.read(self._wire.inner(item))
            elif item.number in (22, 23):
                self._tensors.sparse(self._wire.inner(item))
            elif item.number == 1 and item.size <= 40:
                label = self._wire.text(item)
            elif item.number == 4 and item.size <= 1000:
                text = self._wire.text(item)
        return text if label in ("module", "func_name", "compute") else ""
