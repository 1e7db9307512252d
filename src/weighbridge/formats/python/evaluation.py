"""Evaluates expressions as far as they are constant or lead to an imported name.

Every expression is visited, known or not, so that a call inside it is seen. What resolves to a
dotted name and is called goes into :class:`~.effects.Names`; so does what is merely loaded when
the table of callables knows that very name, because something else may call it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.formats.python import calling, folding
from weighbridge.formats.python.effects import Names, exactly_known
from weighbridge.formats.python.resolving import Resolver
from weighbridge.formats.python.values import (
    MOST_ITEMS,
    UNKNOWN,
    Const,
    Function,
    Items,
    Plain,
    Ref,
    Value,
    items_of,
    sequence,
    wrap,
)

MOST_NODES = 50_000
DEEPEST = 70


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call with its parts evaluated; `name` is of the method that is taken from `owner`."""

    node: ast.Call
    owner: Value
    name: str
    function: Value
    arguments: list[Value]
    keywords: dict[str, Value]


class OutOfNodes(Exception):
    """The text has more nodes than may be visited."""


class Evaluator(Resolver):
    """Evaluates expressions in nested scopes; statements are left to the subclass."""

    def __init__(self, names: Names) -> None:
        """Note what is found in `names`."""
        super().__init__(names)
        self.depth = 0
        self.most_nodes = MOST_NODES
        self.nodes_left = MOST_NODES
        self._handlers: dict[type[ast.AST], Callable[..., Value]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._subscript,
            ast.Call: self._call,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.JoinedStr: self._joined,
            ast.List: self._list,
            ast.Tuple: self._list,
            ast.Set: self._list,
            ast.Dict: self._dict,
            ast.IfExp: self._either,
            ast.BoolOp: self._either,
            ast.NamedExpr: self._named,
            ast.Lambda: self._lambda,
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: self._comprehension,
            ast.Starred: lambda node: self.value(node.value),
            ast.Await: lambda node: self.value(node.value),
        }

    def run_text(self, text: str | bytes, mode: str) -> None:
        """Read code that the text hands to `exec`, `eval` or `compile`; for the subclass."""

    def run_function(self, function: Function, arguments: list[Value]) -> Value:
        """Follow a call of a function of the text itself; for the subclass."""
        return UNKNOWN

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind `value` to a target; for the subclass."""

    def value(self, node: ast.expr) -> Value:
        """Evaluate an expression whose value is used; note it when its very name is known."""
        value = self.evaluate(node)
        if isinstance(value, Ref) and exactly_known(value.path):
            self.note_load(node, value)
        return value

    def note_load(self, node: ast.expr, value: Ref) -> None:
        """Note that a name was loaded, so that something else can call it."""
        self.note_call(value.path)

    def evaluate(self, node: ast.expr) -> Value:
        """Evaluate an expression."""
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise OutOfNodes
        if self.depth > DEEPEST:
            self.names.complete = False
            return UNKNOWN
        self.depth += 1
        try:
            return self._handlers.get(type(node), self._other)(node)
        finally:
            self.depth -= 1

    def _constant(self, node: ast.Constant) -> Value:
        return wrap(node.value)

    def _name(self, node: ast.Name) -> Value:
        return self.lookup(node.id)

    def _attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), node.attr)

    def _subscript(self, node: ast.Subscript) -> Value:
        owner = self.evaluate(node.value)
        if isinstance(node.slice, ast.Slice):
            edges = (node.slice.lower, node.slice.upper, node.slice.step)
            bounds = [None if edge is None else self.value(edge) for edge in edges]
            return folding.part(owner, bounds) if self.charge(owner) else UNKNOWN
        return self.item(owner, self.value(node.slice))

    def _call(self, node: ast.Call) -> Value:
        owner: Value = UNKNOWN
        if isinstance(node.func, ast.Attribute):
            owner = self.evaluate(node.func.value)
            function = self.attribute(owner, node.func.attr)
            name = node.func.attr
        else:
            function, name = self.evaluate(node.func), ""
        arguments: list[Value] = []
        for argument in node.args:
            value = self.value(argument)
            spread = items_of(value) if isinstance(argument, ast.Starred) else [value]
            arguments.extend([UNKNOWN] if spread is None else spread)
        keywords = {word.arg or "**": self.value(word.value) for word in node.keywords}
        return self.call(Invocation(node, owner, name, function, arguments, keywords))

    def call(self, made: Invocation) -> Value:
        """Follow a call whose parts have been evaluated."""
        return calling.call(
            self, made.owner, made.name, made.function, made.arguments, made.keywords
        )

    def _binary(self, node: ast.BinOp) -> Value:
        # A long sum leans to the left; walking down its spine keeps the stack flat.
        spine: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        result = self.value(left)
        for operation in reversed(spine):
            self.nodes_left -= 1
            right = self.value(operation.right)
            fits = self.charge(result, right)
            result = self.binary(operation.op, result, right) if fits else UNKNOWN
        return result

    def binary(self, operation: ast.operator, left: Value, right: Value) -> Value:
        """Return what an operation makes of two values."""
        return folding.binary(operation, left, right)

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(value, Const) and isinstance(value.value, int | float):
            if isinstance(node.op, ast.USub):
                return wrap(-value.value)
            if isinstance(node.op, ast.Invert) and isinstance(value.value, int):
                return wrap(~value.value)
        return UNKNOWN

    def _joined(self, node: ast.JoinedStr) -> Value:
        parts: list[Value] = []
        for piece in node.values:
            if isinstance(piece, ast.FormattedValue):
                value = self.value(piece.value)
                plain = piece.conversion in (-1, 115) and piece.format_spec is None
                text = calling.call(self, UNKNOWN, "", Ref("builtins.str"), [value], {})
                parts.append(text if plain else UNKNOWN)
            else:
                parts.append(self.evaluate(piece))
        return folding.method("", "join", [sequence(parts)], {})

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        found: list[Value] = []
        for element in node.elts:
            value = self.value(element)
            spread = items_of(value) if isinstance(element, ast.Starred) else [value]
            found.extend([UNKNOWN] if spread is None else spread)
        return sequence(found[:MOST_ITEMS])

    def _dict(self, node: ast.Dict) -> Value:
        found: dict[Plain, Value] = {}
        for key, entry in zip(node.keys, node.values, strict=True):
            name = self.value(key) if key is not None else UNKNOWN
            value = self.value(entry)
            if isinstance(name, Const):
                found[name.value] = value
        return Items(found)

    def _either(self, node: ast.IfExp | ast.BoolOp) -> Value:
        if isinstance(node, ast.IfExp):
            self.value(node.test)
            choices = [node.body, node.orelse]
        else:
            choices = node.values
        values = [self.value(choice) for choice in choices]
        return next((value for value in values if isinstance(value, Ref)), values[0])

    def _named(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.assign(node.target, value)
        return value

    def _lambda(self, node: ast.Lambda) -> Value:
        return UNKNOWN

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Value:
        result = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.scopes.append({})
        try:
            first = node.generators[0]
            items = items_of(self.value(first.iter))
            if items is not None and len(node.generators) == 1 and not first.ifs:
                return self._each(first.target, items, result)
            for generator in node.generators:
                self.assign(generator.target, UNKNOWN)
                for condition in [generator.iter, *generator.ifs]:
                    self.value(condition)
            for expression in result:
                self.value(expression)
            return UNKNOWN
        finally:
            self.scopes.pop()

    def _each(self, target: ast.expr, items: list[Value], result: list[ast.expr]) -> Value:
        found: list[Value] = []
        for value in items or [UNKNOWN]:
            self.assign(target, value)
            found.append([self.value(expression) for expression in result][-1])
        return sequence(found) if items and len(result) == 1 else UNKNOWN

    def _other(self, node: ast.expr) -> Value:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return UNKNOWN
