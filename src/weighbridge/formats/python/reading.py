"""Reads statements in order: bindings, imports, function bodies, and text that is run as code."""

from __future__ import annotations

import ast
from collections import deque

from weighbridge.formats.python.binding import Binder
from weighbridge.formats.python.effects import Names
from weighbridge.formats.python.evaluation import DEEPEST, MOST_NODES, OutOfNodes
from weighbridge.formats.python.parsing import parse
from weighbridge.formats.python.values import UNKNOWN, Const, Function, Ref, Value, items_of

MOST_FOLLOWED = 20_000
MOST_TEXTS = 32
MOST_TEXT_BYTES = 256 * 1024
_TEXT_DEPTH = 3
_CALL_DEPTH = 4
_MOST_ROUNDS = 1024

_Def = ast.FunctionDef | ast.AsyncFunctionDef


class Reader(Binder):
    """Visits a whole module once, function bodies after what surrounds them."""

    def __init__(self, names: Names) -> None:
        """Note what is found in `names`."""
        super().__init__(names)
        self._waiting: deque[Function] = deque()
        self._queued: set[int] = set()
        self._followed_left = MOST_FOLLOWED
        self._calls = 0
        self._returned: list[Value] = []
        self._text_depth = 0
        self._texts = 0
        self._text_bytes = 0

    def read(self, tree: ast.Module) -> None:
        """Visit a module; afterwards the names hold what it uses."""
        try:
            self.survey(tree)
            self._block(tree.body)
            while self._waiting:
                function = self._waiting.popleft()
                self._enter(function, [])
        except (OutOfNodes, RecursionError):
            self.names.complete = False

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise OutOfNodes
        if self.depth > DEEPEST:
            self.names.complete = False
            return
        self.depth += 1
        try:
            self._dispatch(node)
        finally:
            self.depth -= 1

    def _dispatch(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self.bind_import(node, self.scopes[-1])
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.assign(target, value)
            case ast.AnnAssign():
                self._annotation(node.annotation)
                self.assign(node.target, self.value(node.value) if node.value else UNKNOWN)
            case ast.AugAssign():
                load = ast.BinOp(node.target, node.op, node.value)
                self.assign(node.target, self.value(load))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef():
                self._class(node)
            case ast.If():
                self._chain(node)
            case ast.For() | ast.AsyncFor():
                self._loop(node)
            case _:
                self._small(node)

    def _small(self, node: ast.stmt) -> None:
        match node:
            case ast.Return():
                self._returned.append(self.value(node.value) if node.value else Const(None))
            case ast.Global() | ast.Nonlocal():
                self.globals_.update(node.names)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Name) and not self.branches:
                        self.scopes[-1].pop(target.id, None)
            case _:
                self._other_statement(node)

    def _other_statement(self, node: ast.stmt) -> None:
        """Visit the parts of a statement in order; blocks inside may or may not run."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
            elif isinstance(child, ast.withitem):
                value = self.value(child.context_expr)
                if child.optional_vars is not None:
                    self.assign(child.optional_vars, value)
            elif isinstance(child, ast.stmt):
                self._maybe([child])
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                self._case(child)

    def _case(self, node: ast.ExceptHandler | ast.match_case) -> None:
        """Visit one `except` or `case`: the names it binds, its condition, its block."""
        if isinstance(node, ast.ExceptHandler):
            bound, condition = [node.name], node.type
        else:
            captures = ast.walk(node.pattern)
            kinds = (ast.MatchAs, ast.MatchStar)
            bound = [capture.name for capture in captures if isinstance(capture, kinds)]
            condition = node.guard
        for name in bound:
            if name is not None:
                self.bind(name, UNKNOWN)
        if condition is not None:
            self.value(condition)
        self._maybe(node.body)

    def _maybe(self, body: list[ast.stmt]) -> None:
        self.branches += 1
        try:
            self._block(body)
        finally:
            self.branches -= 1

    def _chain(self, node: ast.If) -> None:
        # A chain of elif is a nest in the tree; walking along it keeps the stack flat.
        while True:
            self.value(node.test)
            self._maybe(node.body)
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                break
            node = node.orelse[0]
        self._maybe(node.orelse)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        items = items_of(self.value(node.iter))
        rounds = items[:_MOST_ROUNDS] if items else [UNKNOWN]
        for item in rounds:
            self.assign(node.target, item)
            before = self.nodes_left
            self._block(node.body)
            if (before - self.nodes_left) * len(rounds) > MOST_NODES // 4:
                break
        self._maybe(node.orelse)

    def _define(self, node: _Def) -> None:
        self._decorators(node)
        parameters = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        for parameter in (*parameters, node.args.vararg, node.args.kwarg):
            self._annotation(parameter.annotation if parameter is not None else None)
        self._annotation(node.returns)
        function = Function(node, self.visible())
        self.bind(node.name, function)
        self._queue(function)

    def _queue(self, function: Function) -> None:
        """Have the body visited later, once, whether or not anything calls it."""
        if id(function.node) not in self._queued:
            self._queued.add(id(function.node))
            self._waiting.append(function)

    def _decorators(self, node: _Def | ast.ClassDef) -> None:
        """Visit the calls that decorators are: each is given what the one below it returned."""
        # What is decorated is new, whatever its name stood for before: no name stands for it.
        made: ast.expr = ast.copy_location(ast.Name("", ast.Load()), node)
        for decorator in reversed(node.decorator_list):
            made = ast.copy_location(ast.Call(decorator, [made], []), decorator)
        if node.decorator_list:
            self.value(made)

    def _annotation(self, node: ast.expr | None) -> None:
        """Visit an annotation that calls something, which runs where it stands."""
        if node is not None and any(isinstance(part, ast.Call) for part in ast.walk(node)):
            self.value(node)

    def _class(self, node: ast.ClassDef) -> None:
        self._decorators(node)
        for base in [*node.bases, *(word.value for word in node.keywords)]:
            self.value(base)
        self.bind(node.name, UNKNOWN)
        own: dict[str, Value] = {}
        self.scopes.append(own)
        self.class_scopes.add(id(own))
        self._block(node.body)
        self.class_scopes.discard(id(self.scopes.pop()))
        for name, value in own.items():
            if isinstance(value, Ref):
                self.attributes[name] = value

    def _lambda(self, node: ast.Lambda) -> Value:
        function = Function(node, self.visible())
        self._queue(function)
        return function

    def run_function(self, function: Function, arguments: list[Value]) -> Value:
        """Follow a call of a function of the text itself."""
        telling = any(value is not UNKNOWN for value in arguments) or not arguments
        if self._calls >= _CALL_DEPTH or self._followed_left <= 0 or not telling:
            return UNKNOWN
        self._calls += 1
        before = self.nodes_left
        try:
            return self._enter(function, arguments)
        finally:
            self._calls -= 1
            # Visits on the way through a call have an allowance of their own.
            self._followed_left -= before - self.nodes_left
            self.nodes_left = before

    def _enter(self, function: Function, arguments: list[Value]) -> Value:
        node = function.node
        outer, returned, branches = self.scopes, self._returned, self.branches
        self.scopes, self._returned, self.branches = [*function.scopes], [], 0
        self.scopes.append(self.parameters(node.args, arguments))
        try:
            if isinstance(node, ast.Lambda):
                return self.value(node.body)
            self._block(node.body)
            return self._returned[-1] if self._returned else UNKNOWN
        finally:
            self.scopes, self._returned, self.branches = outer, returned, branches

    def run_text(self, text: str | bytes, mode: str) -> None:
        """Read code that the text hands to `exec`, `eval` or `compile`."""
        self._texts += 1
        self._text_bytes += len(text)
        if (
            self._text_depth >= _TEXT_DEPTH
            or self._texts > MOST_TEXTS
            or self._text_bytes > MOST_TEXT_BYTES
        ):
            self.names.complete = False
            return
        tree = parse(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        if tree is None:
            self.names.complete = False
            return
        self._text_depth += 1
        try:
            self.survey(tree)
            self._block(tree.body)
        finally:
            self._text_depth -= 1
