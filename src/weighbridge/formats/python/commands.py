"""Commands that are put together of constants and of what is not known."""

from __future__ import annotations

import ast
import re

_HOLE = "\0"
_MOST_PARTS = 200
# What begins a command: the text itself, and whatever a shell takes for the end of another.
_COMMAND = re.compile(r"(?:\A|[|;&\n`(])\s*([^\s|;&`()]*)")
_PROGRAM = re.compile(r"[\w.+/~-]+\Z")
# These run what they are given.
_RUNNERS = re.compile(
    r"(?:.*/)?(?:\w*sh|cmd|eval|exec|source|sudo|env|nohup|xargs|time|timeout|start|call|wsl|"
    r"powershell|pwsh|python[\d.]*|perl|ruby|node|php|lua|iex|mshta|rundll32|regsvr32|msiexec|"
    r"pip[\d.]*|uvx?|npm|npx|conda|\.)(?:\.exe)?\Z",
    re.IGNORECASE,
)


def names_program(node: ast.expr) -> bool:
    """Say whether a text begins with a program and a space, and no part of it is run as code.

    `f"wget {address}"` is such a text: what is put in is something to work on.
    """
    text = _with_holes(node)
    if text is None or _HOLE not in text or not re.match(r"\s*[^\s\0]+\s", text):
        return False
    programs = [match[1] for match in _COMMAND.finditer(text)]
    return all(_PROGRAM.match(name) and not _RUNNERS.match(name) for name in programs)


def _with_holes(node: ast.expr) -> str | None:
    """Return a text that is put together, with a mark for each part that is no constant."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(piece) for piece in node.values[:_MOST_PARTS])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        form = _piece(node.func.value) if node.func.attr == "format" else _HOLE
        return None if form == _HOLE else re.sub(r"\{[^{}]*\}", _HOLE, form)
    if not isinstance(node, ast.BinOp):
        return None
    if isinstance(node.op, ast.Mod):
        form = _piece(node.left)
        return None if form == _HOLE else re.sub(r"%[a-z]", _HOLE, form)
    parts: list[str] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add) and len(parts) < _MOST_PARTS:
        parts.append(_piece(left.right))
        left = left.left
    return "".join(reversed([*parts, _piece(left)]))


def _piece(node: ast.expr) -> str:
    known = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if known else _HOLE  # type: ignore[attr-defined]
