"""Computes the texts that reach an operator, as far as they are constants.

Paths may be joined, formatted, decoded or handed through functions; what only runs at load time
can be told without running it when every part is a constant. A part that is not known is shown as
``<?>``, so that an absolute beginning is still seen.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from weighbridge.errors import ParseError
from weighbridge.formats.protobuf import BYTES, Message, Wire
from weighbridge.formats.tensorflow import nodes
from weighbridge.formats.tensorflow.nodes import Node
from weighbridge.formats.tensorflow.program import Program, Scope

UNKNOWN = b"<?>"
_VALUES = 32
_DEPTH = 40
_STEPS = 50_000
_SITES = 16
_PASS = frozenset(
    "Concat ConcatV2 DebugGradientIdentity EnsureShape Enter Exit ExpandDims GatherV2 Gather "
    "Identity IdentityN Merge NextIteration Pack PlaceholderWithDefault PreventGradient "
    "RandomShuffle RefIdentity Reshape Reverse ReverseV2 Slice Snapshot Split SplitV "
    "Squeeze StopGradient StridedSlice Switch Tile Unpack Where TensorSliceDataset TensorDataset"
    .split()
)  # fmt: skip
_GIVEN = frozenset(
    "Placeholder PlaceholderV2 ReadVariableOp VarHandleOp Variable VariableV2 _Arg".split()
)


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a tensor of texts.

    Attributes:
        items: the texts, or what is known of them.
        known: False when some of it comes from elsewhere.
        computed: an operator that is not understood made some of it.
        asset: it is the path of an asset of the model.
    """

    items: tuple[bytes, ...] = ()
    known: bool = True
    computed: bool = False
    asset: bool = False


GIVEN = Value(known=False)
COMPUTED = Value(known=False, computed=True)


def _merged(values: list[Value]) -> Value:
    items = dict.fromkeys(item for value in values for item in value.items)
    return Value(
        tuple(items)[:_VALUES],
        all(value.known for value in values) and len(items) <= _VALUES,
        any(value.computed for value in values) or len(items) > _VALUES,
        any(value.asset for value in values),
    )


class Evaluator:
    """Evaluates inputs of nodes of one program."""

    def __init__(self, wire: Wire, program: Program) -> None:
        self._wire = wire
        self._program = program
        self._steps = 0
        self._active: set[tuple[int, str]] = set()
        self._sites: dict[str, list[tuple[Scope, Message]]] | None = None

    def input(self, scope: Scope, node: Node, number: int) -> Value:
        """Return what is known of one input of a node."""
        names = nodes.data_inputs(node)
        return self._name(scope, names[number], 0) if number < len(names) else GIVEN

    def _name(self, scope: Scope, name: str, depth: int) -> Value:
        self._steps += 1
        key = (scope.message.start, name)
        if self._steps > _STEPS or depth > _DEPTH or key in self._active:
            return COMPUTED
        self._active.add(key)
        try:
            message = scope.find(self._wire, name)
            if message is not None:
                value = self._node(scope, nodes.read(self._wire, message), depth)
                if not scope.name and name in self._program.assets:
                    # What the loader feeds replaces the constant, but only where it feeds it.
                    return Value(value.items, known=False, asset=True)
                return value
            if name in scope.arguments:
                return self._argument(scope, scope.arguments.index(name), depth)
            return GIVEN
        except ParseError:
            return COMPUTED
        finally:
            self._active.discard(key)

    def _node(self, scope: Scope, node: Node, depth: int) -> Value:
        if node.op == "Const":
            attribute = node.attributes.get("value")
            items = nodes.strings(self._wire, attribute) if attribute is not None else []
            return Value(tuple(dict.fromkeys(items))[:_VALUES])
        if node.op in _GIVEN:
            return GIVEN
        inputs = [self._name(scope, name, depth + 1) for name in nodes.data_inputs(node)[:_VALUES]]
        if node.op in _PASS:
            return _merged(inputs)
        folder = _FOLDERS.get(node.op)
        if folder is not None:
            texts: _Texts = {
                key: b"".join(nodes.strings(self._wire, node.attributes[key])[:1])
                for key in ("separator", "template", "placeholder")
                if key in node.attributes
            }
            return folder(inputs, texts)
        called = [self._program.functions.get(name) for name in nodes.callees(self._wire, node)]
        results = [self._results(one, depth + 1) for one in called[:_SITES] if one is not None]
        return _merged(results) if results else COMPUTED

    def _results(self, scope: Scope, depth: int) -> Value:
        """Return the union of what a function returns."""
        values: list[Value] = []
        for item in self._wire.fields(scope.message):
            if item.number == 4 and item.wire == BYTES and len(values) < _SITES:
                _key, value = nodes.entry(self._wire, item)
                if value is not None:
                    name = self._wire.text(value, 1_000).partition(":")[0]
                    values.append(self._name(scope, name, depth))
        return _merged(values) if values else COMPUTED

    def _argument(self, scope: Scope, number: int, depth: int) -> Value:
        """Return what callers, or the loader itself, hand to a function's argument."""
        values: list[Value] = []
        bound = self._program.bound.get(scope.name, [])
        last = number - (len(scope.arguments) - len(bound))
        if 0 <= last < len(bound) and self._program.graph is not None:
            name = bound[last]
            if name is None:
                values.append(Value(known=False, asset=True))
            elif name:
                values.append(self._name(self._program.graph, name, depth + 1))
        for caller, message in self._calls(scope.name)[:_SITES]:
            node = nodes.read(self._wire, message)
            names = nodes.data_inputs(node)
            shift = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1}.get(node.op, 0)
            if "Dataset" in node.op:
                shift = len(names) - len(scope.arguments)
            if 0 <= number + shift < len(names):
                values.append(self._name(caller, names[number + shift], depth + 1))
            elif names:
                values.append(self._name(caller, names[0], depth + 1))
        return _merged(values) if values else GIVEN

    def _calls(self, function: str) -> list[tuple[Scope, Message]]:
        if self._sites is None:
            self._sites = {}
            for scope in self._program.scopes():
                for item in self._wire.fields(scope.message):
                    if item.number == scope.node and item.wire == BYTES:
                        message = self._wire.inner(item)
                        node = nodes.read(self._wire, message)
                        for name in {*nodes.callees(self._wire, node), node.op}:
                            if name in self._program.functions:
                                self._sites.setdefault(name, []).append((scope, message))
        return self._sites.get(function, [])


# -- operators on texts ----------------------------------------------------------------------------

_Texts = dict[str, bytes]
_Fold = Callable[[list[Value], _Texts], Value]


def _combined(inputs: list[Value], join: Callable[[tuple[bytes, ...]], bytes]) -> Value:
    """Apply `join` to every combination of the inputs' texts."""
    choices = [value.items or (UNKNOWN,) for value in inputs]
    items = []
    for combination in product(*choices):
        items.append(join(combination)[: nodes.TEXT_LIMIT])
        if len(items) >= _VALUES:
            break
    merged = _merged(inputs)
    if not any(value.items for value in inputs):
        return Value((), merged.known, merged.computed, merged.asset)
    return Value(tuple(dict.fromkeys(items)), merged.known, merged.computed, merged.asset)


def _join(inputs: list[Value], texts: _Texts) -> Value:
    return _combined(inputs, texts.get("separator", b"").join)


def _reduce_join(inputs: list[Value], texts: _Texts) -> Value:
    if not inputs:
        return COMPUTED
    whole = texts.get("separator", b"").join(inputs[0].items)[: nodes.TEXT_LIMIT]
    return Value((whole,), inputs[0].known, inputs[0].computed, inputs[0].asset)


def _format(inputs: list[Value], texts: _Texts) -> Value:
    pieces = texts.get("template", b"%s").split(texts.get("placeholder", b"%s") or b"%s")

    def filled(parts: tuple[bytes, ...]) -> bytes:
        rest = [*parts, *([UNKNOWN] * len(pieces))]
        return b"".join(a + b for a, b in zip(pieces, [*rest[: len(pieces) - 1], b""], strict=True))

    if not inputs:
        return Value((filled(()),))
    result = _combined(inputs, filled)
    return result if result.items else Value((filled(()),), False, result.computed, result.asset)


def _each(change: Callable[[bytes], bytes]) -> _Fold:
    def fold(inputs: list[Value], _texts: _Texts) -> Value:
        if not inputs:
            return COMPUTED
        try:
            items = tuple(change(item) for item in inputs[0].items)
        except (ValueError, binascii.Error):
            return COMPUTED
        return Value(items, inputs[0].known, inputs[0].computed, inputs[0].asset)

    return fold


def _decoded(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _chosen(inputs: list[Value], _texts: _Texts) -> Value:
    return _merged(inputs[1:3])


_FOLDERS: dict[str, _Fold] = {
    "Add": _join,
    "AddV2": _join,
    "DecodeBase64": _each(_decoded),
    "EncodeBase64": _each(base64.urlsafe_b64encode),
    "ReduceJoin": _reduce_join,
    "Select": _chosen,
    "SelectV2": _chosen,
    "ShardedFilename": lambda inputs, texts: _join(inputs[:1], texts),
    "ShardedFilespec": lambda inputs, texts: _join(inputs[:1], texts),
    "StringFormat": _format,
    "StringJoin": _join,
    "StringLower": _each(bytes.lower),
    "StringStrip": _each(bytes.strip),
    "StringUpper": _each(bytes.upper),
}
