"""Expressions of a template as text again, for people to read; bounded in length and depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.nodes import Node

_DEPTH = 12
_ITEMS = 8
_OPERATORS = {
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "**",
    "And": "and",
    "Or": "or",
}
_COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "in": "in",
    "notin": "not in",
}


def show(node: Node, limit: int = 300) -> str:
    """Return the expression as a template would write it."""
    text = _show(node, 0)
    return text if len(text) <= limit else text[:limit] + "…"


def _show(node: Any, depth: int) -> str:
    if depth > _DEPTH:
        return "…"
    deeper = depth + 1
    kind = type(node).__name__
    if kind in _OPERATORS:
        return f"{_show(node.left, deeper)} {_OPERATORS[kind]} {_show(node.right, deeper)}"
    writer = _WRITERS.get(kind)
    return writer(node, deeper) if writer is not None else f"<{kind.lower()}>"


def _const(node: Any, _depth: int) -> str:
    if isinstance(node.value, int) and abs(node.value) > 1 << 64:
        return "<number>"
    return repr(node.value[:400] if isinstance(node.value, str) else node.value)


def _data(node: Any, _depth: int) -> str:
    return repr(node.data[:400])


def _several(nodes: Any, depth: int) -> str:
    more = ", …" if len(nodes) > _ITEMS else ""
    return ", ".join(_show(node, depth) for node in nodes[:_ITEMS]) + more


def _arguments(node: Any, depth: int) -> str:
    parts = [_several(node.args, depth)] if node.args else []
    parts += [f"{item.key}={_show(item.value, depth)}" for item in node.kwargs[:_ITEMS]]
    for stars, item in (("*", node.dyn_args), ("**", node.dyn_kwargs)):
        if item is not None:
            parts.append(stars + _show(item, depth))
    return ", ".join(parts)


def _filter(node: Any, depth: int) -> str:
    body = "" if node.node is None else _show(node.node, depth)
    arguments = _arguments(node, depth)
    return f"{body}|{node.name}({arguments})" if arguments else f"{body}|{node.name}"


def _test(node: Any, depth: int) -> str:
    arguments = _arguments(node, depth)
    more = f"({arguments})" if arguments else ""
    return f"{_show(node.node, depth)} is {node.name}{more}"


def _compare(node: Any, depth: int) -> str:
    parts = [_show(node.expr, depth)]
    for operand in node.ops[:_ITEMS]:
        parts.append(f"{_COMPARISONS.get(operand.op, operand.op)} {_show(operand.expr, depth)}")
    return " ".join(parts)


def _slice(node: Any, depth: int) -> str:
    bounds = [node.start, node.stop, node.step]
    texts = ["" if item is None else _show(item, depth) for item in bounds]
    return ":".join(texts if node.step is not None else texts[:2])


def _condition(node: Any, depth: int) -> str:
    other = "" if node.expr2 is None else f" else {_show(node.expr2, depth)}"
    return f"{_show(node.expr1, depth)} if {_show(node.test, depth)}{other}"


def _dict(node: Any, depth: int) -> str:
    pairs = [f"{_show(i.key, depth)}: {_show(i.value, depth)}" for i in node.items[:_ITEMS]]
    return "{" + ", ".join(pairs) + "}"


_WRITERS: dict[str, Any] = {
    "Name": lambda node, _depth: node.name,
    "NSRef": lambda node, _depth: f"{node.name}.{node.attr}",
    "Const": _const,
    "TemplateData": _data,
    "Getattr": lambda node, depth: f"{_show(node.node, depth)}.{node.attr}",
    "Getitem": lambda node, depth: f"{_show(node.node, depth)}[{_show(node.arg, depth)}]",
    "Call": lambda node, depth: f"{_show(node.node, depth)}({_arguments(node, depth)})",
    "Filter": _filter,
    "Test": _test,
    "Compare": _compare,
    "Slice": _slice,
    "CondExpr": _condition,
    "Dict": _dict,
    "List": lambda node, depth: f"[{_several(node.items, depth)}]",
    "Tuple": lambda node, depth: f"({_several(node.items, depth)})",
    "Concat": lambda node, depth: " ~ ".join(_show(n, depth) for n in node.nodes[: 4 * _ITEMS]),
    "Not": lambda node, depth: f"not {_show(node.node, depth)}",
    "Neg": lambda node, depth: f"-{_show(node.node, depth)}",
    "Pos": lambda node, depth: f"+{_show(node.node, depth)}",
    "Include": lambda node, depth: f"{{% include {_show(node.template, depth)} %}}",
    "Extends": lambda node, depth: f"{{% extends {_show(node.template, depth)} %}}",
    "Import": lambda node, depth: f"{{% import {_show(node.template, depth)} as {node.target} %}}",
    "FromImport": lambda node, depth: f"{{% from {_show(node.template, depth)} import … %}}",
}
