"""The graphs and functions of one model, and where the nodes that matter stand in them.

GraphDef: node 1, library 2. FunctionDefLibrary: function 1. FunctionDef: signature 1, node_def 3,
ret 4. OpDef: name 1, input_arg 2 (name 1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded
from weighbridge.formats.protobuf import BYTES, Message, Wire
from weighbridge.formats.tensorflow import nodes
from weighbridge.tables.tensorflow import operator

_SAVER_FUNCTION = re.compile(r"__inference__?traced_(save|restore)(_\d+)?")
_SAVER_NODE = re.compile(r"(.{0,200}/)?save(_\d+)?/")
_OPERATORS = 5_000
_TOUCHING = 5_000
_FUNCTIONS = 100_000
_INDEXED = 500_000


@dataclass(slots=True)
class Seen:
    """Where an operator stands first, and how often."""

    offset: int
    where: str
    count: int = 0


@dataclass(slots=True)
class Scope:
    """A graph or a function.

    Attributes:
        where: for people.
        node: number of the field that holds its nodes.
        arguments: names of a function's arguments.
        touching: nodes whose operators have a row in the table.
        program: the graph and its library.
    """

    where: str
    message: Message
    node: int
    program: Program
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    touching: list[Message] = field(default_factory=list)
    index: dict[str, Message] | None = None

    def find(self, wire: Wire, name: str) -> Message | None:
        """Return the node of this name."""
        if self.index is None:
            self.index = {}
            for item in wire.fields(self.message):
                if item.number == self.node and item.wire == BYTES:
                    message = wire.inner(item)
                    for part in wire.fields(message):
                        if part.number == 1 and part.wire == BYTES:
                            self.index.setdefault(wire.text(part, 1_000), message)
                            break
                    if len(self.index) >= _INDEXED:
                        break
        return self.index.get(name)


@dataclass(slots=True)
class Program:
    """One GraphDef with its functions.

    Attributes:
        operators: of every node, by name.
        assets: nodes that the loader feeds with the path of an asset.
        bound: what the loader binds to the last arguments of a function: names of constants of
            the graph, or empty for anything else; None for an asset.
        savers: prefixes of the nodes that save and restore.
    """

    label: str = ""
    hidden: bool = False
    graph: Scope | None = None
    functions: dict[str, Scope] = field(default_factory=dict)
    operators: dict[str, Seen] = field(default_factory=dict)
    assets: set[str] = field(default_factory=set)
    bound: dict[str, list[str | None]] = field(default_factory=dict)
    savers: set[str] = field(default_factory=set)

    def scopes(self) -> list[Scope]:
        """Return the graph and every function."""
        return [*([self.graph] if self.graph else []), *self.functions.values()]

    def is_saver(self, scope: Scope, name: str) -> bool:
        """Say whether a node is part of what writes and restores the model's own checkpoint."""
        if scope.name:
            return _SAVER_FUNCTION.fullmatch(scope.name) is not None
        return _SAVER_NODE.match(name) is not None or name.startswith(tuple(self.savers))


def read(wire: Wire, message: Message, program: Program) -> None:
    """Take in a GraphDef; a second one of the same program adds to it."""
    scope = Scope(f"{program.label}graph", message, 1, program)
    if program.graph is None:
        program.graph = scope
    else:
        program.functions[f"\0{message.start}"] = scope
    for item in wire.fields(message):
        if item.wire != BYTES:
            continue
        if item.number == 1:
            _node(wire, wire.inner(item), scope)
        elif item.number == 2:
            for part in wire.fields(wire.inner(item)):
                if part.number == 1 and part.wire == BYTES:
                    _function(wire, wire.inner(part), program)


def _function(wire: Wire, message: Message, program: Program) -> None:
    if len(program.functions) >= _FUNCTIONS:
        raise LimitExceeded("limit-functions", f"more than {_FUNCTIONS} functions", message.start)
    scope = Scope("", message, 3, program)
    for item in wire.fields(message):
        if item.number == 1 and item.wire == BYTES:
            _signature(wire, wire.inner(item), scope)
    scope.where = f"{program.label}function {scope.name[:300]}"
    key = scope.name if scope.name not in program.functions else f"{scope.name}\0{message.start}"
    program.functions[key] = scope
    for item in wire.fields(message):
        if item.number == 3 and item.wire == BYTES:
            _node(wire, wire.inner(item), scope)


def _signature(wire: Wire, message: Message, scope: Scope) -> None:
    for item in wire.fields(message):
        if item.wire != BYTES:
            continue
        if item.number == 1:
            scope.name = wire.text(item, 1_000)
        elif item.number == 2 and len(scope.arguments) < _FUNCTIONS:
            name = ""
            for part in wire.fields(wire.inner(item)):
                if part.number == 1 and part.wire == BYTES:
                    name = wire.text(part, 1_000)
            scope.arguments.append(name)


def _node(wire: Wire, message: Message, scope: Scope) -> None:
    _name, op = nodes.head(wire, message)
    seen = scope.program.operators.get(op)
    if seen is None:
        if len(scope.program.operators) >= _OPERATORS:
            raise LimitExceeded(
                "limit-operators", f"more than {_OPERATORS} kinds of operators", message.start
            )
        seen = scope.program.operators[op] = Seen(message.start, scope.where)
    seen.count += 1
    if operator(op) is not None:
        scope.touching.append(message)
        if len(scope.touching) > _TOUCHING:
            raise LimitExceeded(
                "limit-operators",
                f"more than {_TOUCHING} operators of one graph touch files",
                message.start,
            )
