"""When the functions of a module run: on import, on loading a model, or only when asked for.

Names are followed, not objects: a call of `run`, plain or as a method, leads to every function of
that name in the text. That errs on the side of running.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from weighbridge.formats.python.parsing import statements

IMPORT, LOAD, CALL, MAIN = "import", "load", "call", "main"
# Methods that loaders call: torch.nn.Module, transformers' configuration, tokenizer and model
# classes, Hugging Face endpoints, datasets' builders, TorchServe, Triton and MLflow.
_CALLED_BY_LOADERS = frozenset(
    "__init__ __new__ __init_subclass__ __class_getitem__ __set_name__ __post_init__ "
    "from_pretrained from_dict _init_weights post_init register_for_auto_class _info "
    "_split_generators _generate_examples initialize load_context "
    "auto_complete_config model_fn __setstate__ from_config load _load_pyfunc __getattr__ "
    "__del__".split()
)
_Def = ast.FunctionDef | ast.AsyncFunctionDef


class Reachability:
    """Tells for each function of a tree when it runs."""

    def __init__(self, tree: ast.Module) -> None:
        """Follow the calls of `tree`."""
        self._when: dict[int, str] = {}
        self._named: dict[str, list[_Def]] = {}
        self._owners = _instances(tree)
        for node in statements(tree):
            if isinstance(node, _Def):
                self._named.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.ClassDef):
                made = [item for item in node.body if isinstance(item, _Def)]
                run = [item for item in made if item.name in ("__init__", "__new__")]
                self._named.setdefault(node.name, []).extend(run)
        self._spread(IMPORT, _outside(tree.body))
        loaded = [one for name in _CALLED_BY_LOADERS for one in self._named.get(name, ())]
        for function in loaded:
            if self._when.setdefault(id(function), LOAD) == LOAD:
                self._spread(LOAD, function.body)
        self._spread(MAIN, [line for node in tree.body for line in _main(node)])

    def when(self, function: ast.AST | None) -> str:
        """Return when a function runs; None is the module itself."""
        return IMPORT if function is None else self._when.get(id(function), CALL)

    def _spread(self, when: str, body: list[ast.stmt]) -> None:
        pending: list[list[ast.stmt]] = [body]
        while pending:
            for name in _called(pending.pop(), self._owners):
                for function in self._named.get(name, ()):
                    if id(function) not in self._when:
                        self._when[id(function)] = when
                        pending.append(function.body)


def is_main(node: ast.stmt) -> bool:
    """Say whether a statement is `if __name__ == "__main__":`."""
    if not isinstance(node, ast.If):
        return False
    test = node.test
    parts = test.values if isinstance(test, ast.BoolOp) else [test]
    return any(isinstance(part, ast.Compare) and _names_main(part) for part in parts)


def _names_main(test: ast.Compare) -> bool:
    sides = [test.left, *test.comparators]
    names = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return names and any(isinstance(side, ast.Constant) for side in sides)


def _outside(body: list[ast.stmt]) -> list[ast.stmt]:
    return [node for node in body if not is_main(node)]


def _main(node: ast.stmt) -> list[ast.stmt]:
    return node.body if isinstance(node, ast.If) and is_main(node) else []


def _instances(tree: ast.Module) -> frozenset[str]:
    """Return the names whose methods are likely those of the text's own classes."""
    nodes = list(statements(tree))
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    made = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in classes
    }
    return frozenset(classes | made | {"self", "cls", "super"})


def _called(body: list[ast.stmt], owners: frozenset[str]) -> Iterator[str]:
    """Yield the names that statements call or hand to a call, outside of functions in them."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, _Def):
            pending.extend(node.decorator_list)
            pending.extend(node.args.defaults)
            continue
        if isinstance(node, ast.Call):
            handed = [*node.args, *(word.value for word in node.keywords)]
            for part in (node.func, *handed):
                if isinstance(part, ast.Name):
                    yield part.id
                elif isinstance(part, ast.Attribute) and _first(part) in owners:
                    yield part.attr
        pending.extend(ast.iter_child_nodes(node))


def _first(node: ast.expr) -> str:
    """Return the name that a chain of attributes and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
