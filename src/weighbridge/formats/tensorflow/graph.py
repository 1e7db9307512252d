"""States what the graphs of a model do: their operators, with operands where these matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from weighbridge.errors import LimitExceeded, ParseError
from weighbridge.facts.graphs import ForeignText, Operator
from weighbridge.formats.context import Context, Place
from weighbridge.formats.protobuf import BYTES, Message, Wire
from weighbridge.formats.tensorflow import nodes, program
from weighbridge.formats.tensorflow.constants import Evaluator, Value
from weighbridge.formats.tensorflow.nodes import Node
from weighbridge.formats.tensorflow.program import Program, Scope, Seen
from weighbridge.tables.tensorflow import TensorFlowOperator, operator, registered
from weighbridge.text.secrets import mask

_SHOWN = 300
_ARGUMENTS = 24
_PATHS = 50
_HIDDEN = 16 << 20
_NESTED = 3
_PATH = re.compile(
    rb"(?s)(/[^/\s]|\\\\|[A-Za-z]:[\\/]|[A-Za-z][A-Za-z0-9+.-]{1,20}://|.{0,300}\.\.[\\/])"
)
_OPERATOR_NAME = re.compile(r"_?[A-Z][A-Za-z0-9_]*(>[A-Za-z0-9_>]+)*")


class Statement:
    """Adds the facts of the programs of one file."""

    def __init__(self, context: Context, place: Place, wire: Wire, name: str) -> None:
        self._context = context
        self._place = place
        self._wire = wire
        self._name = name
        self._texts = 0
        self._graphs = 0

    def add(self, one: Program) -> None:
        """State the operators of a program that was read."""
        touched: dict[tuple[object, ...], Operator] = {}
        evaluator = Evaluator(self._wire, one)
        for scope in one.scopes():
            for message in scope.touching:
                self._context.budget.check_time()
                fact = self._touching(evaluator, scope, nodes.read(self._wire, message))
                key = (fact.name, fact.role, fact.arguments, fact.resolved)
                known = touched.get(key)
                touched[key] = replace(known, count=known.count + 1) if known else fact
        for name, seen in one.operators.items():
            if operator(name) is None:
                role = "local" if name in one.functions else ""
                self._context.add(self._fact(one, name, seen, role))
        for fact in touched.values():
            self._context.add(fact)
        carries = "DatasetFromGraph" in one.operators
        open_ends = any(not (fact.resolved or fact.role) for fact in touched.values())
        if carries or open_ends:
            self._constants(one, carries, open_ends)

    def _fact(self, one: Program, name: str, seen: Seen, role: str) -> Operator:
        return Operator(
            member=self._place.member,
            offset=seen.offset,
            format=self._name,
            domain="",
            name=name,
            where=seen.where,
            role=role,
            count=seen.count,
            arguments=(),
            resolved=True,
            hidden=one.hidden,
        )

    def _touching(self, evaluator: Evaluator, scope: Scope, node: Node) -> Operator:
        row = operator(node.op)
        arguments: tuple[tuple[str, str], ...] = ()
        resolved, role = True, ""
        if row is not None:
            arguments, resolved, role = self._operands(evaluator, scope, node, row)
            if row.judge == "saver" and scope.program.is_saver(scope, node.name):
                role = "saver"
        plain = self._fact(scope.program, node.op, Seen(node.offset, scope.where, 1), role)
        return replace(plain, arguments=arguments, resolved=resolved)

    def _operands(
        self, evaluator: Evaluator, scope: Scope, node: Node, row: TensorFlowOperator
    ) -> tuple[tuple[tuple[str, str], ...], bool, str]:
        """Return the constant operands, whether these are all, and the role that they give."""
        found: list[tuple[str, str]] = []
        resolved, asset, computed = True, False, False
        for label in row.operands.split(","):
            if label == "none":
                return (), False, ""
            if label.startswith("@"):
                attribute = node.attributes.get(label[1:])
                value = Value(tuple(nodes.strings(self._wire, attribute)) if attribute else ())
            else:
                number, _, name = label.lstrip("+").partition(":")
                value = evaluator.input(scope, node, int(number))
                label = "+" + name if label[0] == "+" else name
            found += [(label, _shown(item)) for item in value.items]
            if label[0] != "+":
                resolved = resolved and value.known
                asset = asset or value.asset
                computed = computed or value.computed
        given = row.judge == "table" and not (computed or resolved)
        role = "asset" if asset or (given and not found) else ""
        return tuple(dict.fromkeys(found))[:_ARGUMENTS], resolved, role

    def _constants(self, one: Program, carries: bool, open_ends: bool) -> None:
        """Look at every constant: graphs may hide in them, and paths that are not followed."""
        for scope in one.scopes():
            for node in self._text_constants(scope):
                if not scope.name and node.name in one.assets:
                    continue
                for part, data in self._strings(node):
                    if carries and len(data) > 16 and self._hidden(one, scope, node, part):
                        continue
                    if open_ends and self._texts < _PATHS and _PATH.match(data):
                        self._texts += 1
                        fact = ForeignText(
                            self._place.member, node.offset, self._name, scope.where,
                            node.name[:_SHOWN], _shown(data),
                        )  # fmt: skip
                        self._context.add(fact)

    def _text_constants(self, scope: Scope) -> Iterator[Node]:
        for item in self._wire.fields(scope.message):
            if item.number == scope.node and item.wire == BYTES:
                message = self._wire.inner(item)
                if nodes.head(self._wire, message)[1] == "Const":
                    yield nodes.read(self._wire, message)

    def _strings(self, node: Node) -> Iterator[tuple[Message, bytes]]:
        attribute = node.attributes.get("value")
        if attribute is None:
            return
        for item in self._wire.fields(attribute):
            if item.number == 8 and item.wire == BYTES:
                yield from nodes.tensor_strings(self._wire, self._wire.inner(item))

    def _hidden(self, one: Program, scope: Scope, node: Node, part: Message) -> bool:
        """Examine the bytes of a constant as a graph; False when they are none."""
        message = Message(part.start, part.end, part.depth + 1)
        if not plausible(self._wire, message):
            return False
        self._graphs += 1
        label = f"{scope.where}, constant {node.name[:80]}: "
        if (
            label.count("constant ") > _NESTED
            or part.end - part.start > _HIDDEN
            or self._graphs > 50
        ):
            raise LimitExceeded(
                "limit-hidden-graphs", "too many graphs inside constants", part.start
            )
        inner = Program(label, hidden=True)
        program.read(self._wire, message, inner)
        self.add(inner)
        return True


def plausible(wire: Wire, message: Message) -> bool:
    """Say whether a message is a GraphDef: it has a node, or a function with a node."""
    try:
        for count, item in enumerate(wire.fields(message)):
            if count > 4_096:
                return False
            if item.wire != BYTES:
                continue
            if item.number == 1 and _is_node(wire, wire.inner(item)):
                return True
            if item.number == 2:
                for part in wire.fields(wire.inner(item)):
                    if (
                        part.number == 1
                        and part.wire == BYTES
                        and _is_function(wire, wire.inner(part))
                    ):
                        return True
    except ParseError:
        pass
    return False


def _is_function(wire: Wire, message: Message) -> bool:
    return any(
        item.number == 3 and item.wire == BYTES and _is_node(wire, wire.inner(item))
        for item in wire.fields(message)
    )


def _is_node(wire: Wire, message: Message) -> bool:
    try:
        _name, op = nodes.head(wire, message)
    except ParseError:
        return False
    return _OPERATOR_NAME.fullmatch(op) is not None and registered(op)


def _shown(data: bytes) -> str:
    return mask(data[:_SHOWN].decode("utf-8", "backslashreplace"))
