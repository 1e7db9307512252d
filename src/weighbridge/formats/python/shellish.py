"""Whether a piece of text is Python that does something.

It classifies what is handed to a call, where prose, JSON, templates and single words are far more
common than code, and where many of them happen to parse: `Warning: deprecated`, `del rio`,
`item(s)`. Parsing is therefore not enough; a call must lead somewhere, or a statement must be one
that prose does not have.
"""

from __future__ import annotations

import ast
import builtins
import re

from weighbridge.formats.python import fallback
from weighbridge.formats.python.effects import Names
from weighbridge.formats.python.parsing import parse
from weighbridge.formats.python.reading import Reader

LONGEST = 256 * 1024
MOST_TOKENS = 60_000
_OPENING = re.compile(
    r"(?:\s|#[^\n]*\n)*(?:import\s|from\s+[\w.]+\s+import\s|def\s|class\s|print\s|exec\s|try:)"
)
_FUNCTIONS = frozenset(name for name in dir(builtins) if name[0].islower()) | {"__import__"}


def looks_like_python(text: str) -> bool:
    """Say whether `text` contains a statement that parses and does something."""
    if not text or text.isspace() or text.isidentifier():
        return False
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition("\n")[0] or text[:LONGEST]
    if not any(mark in text for mark in "(:.") and "import" not in text:
        return False
    tree = parse(text, MOST_TOKENS)
    if tree is None:
        return _looks_like_broken_python(text)
    nodes = list(ast.walk(tree))
    if any(_tells(node) for node in nodes):
        return True
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    if not calls:
        return False
    return _binds(nodes) or _resolves(tree)


def _tells(node: ast.AST) -> bool:
    """Say whether a node alone shows that this is code."""
    if isinstance(node, ast.ClassDef):
        return bool(node.bases) or not all(isinstance(line, ast.Expr) for line in node.body)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _FUNCTIONS
    if isinstance(node, ast.Attribute):
        return node.attr.startswith("__") and node.attr.endswith("__")
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return isinstance(node, kinds)


def _binds(nodes: list[ast.AST]) -> bool:
    """Say whether there is an assignment or a loop, which next to a call is code."""
    kinds = (ast.Assign, ast.AugAssign, ast.For, ast.While, ast.With, ast.Try, ast.NamedExpr)
    return any(isinstance(node, kinds) for node in nodes)


def _resolves(tree: ast.Module) -> bool:
    names = Names()
    Reader(names).read(tree)
    return bool(names.calls)


def _looks_like_broken_python(text: str) -> bool:
    """Recognise Python 2 and damaged code by how it opens and by a call that resolves."""
    if _OPENING.match(text) is None:
        return False
    names = Names()
    fallback.scan(text, names)
    return bool(names.calls)
