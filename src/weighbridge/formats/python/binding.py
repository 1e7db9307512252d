"""Binds names to values: assignments, imports, parameters, and which scopes are visible."""

from __future__ import annotations

import ast

from weighbridge.formats.python.effects import BUILTINS, Names
from weighbridge.formats.python.evaluation import Evaluator
from weighbridge.formats.python.values import (
    UNKNOWN,
    Const,
    Function,
    Items,
    Ref,
    Value,
    items_of,
    traits_of,
)


class Binder(Evaluator):
    """Evaluates expressions, and binds what statements bind.

    Attributes:
        branches: how many conditional blocks are around the current statement.
        globals_: names that some function declared global.
        class_scopes: scopes, by identity, that functions defined in them do not see.
    """

    def __init__(self, names: Names) -> None:
        """Note what is found in `names`."""
        super().__init__(names)
        self.branches = 0
        self.globals_: set[str] = set()
        self.class_scopes: set[int] = set()

    def survey(self, tree: ast.Module) -> None:
        """Find all imports and all names that are bound anywhere, before anything is followed."""
        count = 0
        for node in ast.walk(tree):
            count += isinstance(node, ast.expr | ast.stmt)
            if count > self.most_nodes:
                self.names.complete = False
                return
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.bind_import(node, self.imported)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.defined.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.defined.add(node.name)

    def bind_import(self, node: ast.Import | ast.ImportFrom, scope: dict[str, Value]) -> None:
        """Note an import and bind its names in `scope`."""
        prefix = "" if isinstance(node, ast.Import) else "." * node.level + (node.module or "")
        if prefix:
            self.names.add_import(prefix)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(prefix)
                continue
            # `from . import x` has its dot already.
            joint = "." if prefix.strip(".") else ""
            path = f"{prefix}{joint}{alias.name}"
            self.names.add_import(path)
            if prefix.startswith("."):
                scope[alias.asname or alias.name] = UNKNOWN
            elif prefix or alias.asname:
                scope[alias.asname or alias.name] = Ref(path)
            else:
                scope[path.partition(".")[0]] = Ref(path.partition(".")[0])

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a value to whatever stands on the left."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, ast.Attribute):
            self.evaluate(target.value)
            if isinstance(value, Ref | Function) or traits_of(value):
                self.attributes[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner, key = self.evaluate(target.value), self.evaluate(target.slice)
            if isinstance(owner, Items) and isinstance(key, Const):
                owner.values[key.value] = value
            elif isinstance(key, Const) and isinstance(owner, Ref) and owner.path == "@globals":
                self.scopes[0][str(key.value)] = value
        elif isinstance(target, ast.Tuple | ast.List):
            items = items_of(value)
            for at, element in enumerate(target.elts):
                known = items is not None and len(items) == len(target.elts)
                self.assign(element, items[at] if known and items else UNKNOWN)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, UNKNOWN)

    def bind(self, name: str, value: Value) -> None:
        """Bind a name; in a branch, one that leads somewhere is not made unknown again."""
        scope = self.scopes[0] if name in self.globals_ else self.scopes[-1]
        if self.branches and not isinstance(value, Ref):
            old = scope[name] if name in scope else self.lookup(name)
            if isinstance(old, Ref) and (name in scope or old.path[9:] in BUILTINS):
                return
        scope[name] = value

    def visible(self) -> tuple[dict[str, Value], ...]:
        """Return the scopes that a function defined here sees; those of classes it does not."""
        return tuple(scope for scope in self.scopes if id(scope) not in self.class_scopes)

    def parameters(self, node: ast.arguments, given: list[Value]) -> dict[str, Value]:
        """Return a scope with the parameters bound to arguments or defaults."""
        bound: dict[str, Value] = {}
        positional = [*node.posonlyargs, *node.args]
        defaults = [self.value(default) for default in node.defaults]
        for at, parameter in enumerate(positional):
            missing = at - (len(positional) - len(defaults))
            bound[parameter.arg] = defaults[missing] if missing >= 0 else UNKNOWN
            if at < len(given):
                bound[parameter.arg] = given[at]
        for parameter, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            bound[parameter.arg] = self.value(default) if default is not None else UNKNOWN
        for rest in (node.vararg, node.kwarg):
            if rest is not None:
                bound[rest.arg] = UNKNOWN
        return bound
