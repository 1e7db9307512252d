"""Constant values of expressions, where strings are put together to hide what they are.

Nothing is rendered: a handful of pure operations on strings and lists are followed, each with a
bound on what it may produce. A name that is set more than once stands for each of its values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from weighbridge.formats.templates.tree import walk

if TYPE_CHECKING:
    from jinja2.nodes import Node, Template

Value = str | int | list[Any]
_TEXT = 2000
_ITEMS = 500
_CHOICES = 6
_DEPTH = 30
_STEPS = 100_000
_PERCENT = re.compile(r"%(?:%|[-+ #0]{0,3}\d{0,2}[sdcxXor])")
_FIELD = re.compile(r"\{(\d{0,2})(?::([cdxXs]?))?\}")
_FILTERS = frozenset(
    "join format replace reverse lower upper trim string list first last escape e safe default d "
    "title capitalize".split()
)
_METHODS = frozenset("join format replace lower upper strip lstrip rstrip title".split())


class Constants:
    """What the names of one template are set to, and the values that follow from it."""

    def __init__(self, tree: Template) -> None:
        from jinja2 import nodes

        self._set: dict[str, list[Node]] = {}
        self._steps = 0
        self._known: dict[int, list[Value]] = {}
        for node in walk(tree):
            if isinstance(node, nodes.Assign):
                self._assign(node.target, node.node)
            elif isinstance(node, nodes.AssignBlock):
                text = _block_text(node)
                if text is not None:
                    self._assign(node.target, nodes.Const(text))

    def _assign(self, target: Any, node: Node) -> None:
        name = _target(target)
        if name is not None:
            self._set.setdefault(name, []).append(node)
        elif type(target).__name__ == "Tuple" and type(node).__name__ in ("Tuple", "List"):
            for one, other in zip(target.items, node.items, strict=False):  # type: ignore[attr-defined]
                self._assign(one, other)

    def of(self, node: Node | None) -> list[Value]:
        """Return the values that are known, at most a few; none when it is not constant."""
        return [] if node is None else self._of(node, 0)

    @property
    def exhausted(self) -> bool:
        """Whether there was more to follow than the bounds allow."""
        return self._steps > _STEPS

    def texts(self, node: Node | None) -> list[str]:
        """Return those values that are text."""
        return [value for value in self.of(node) if isinstance(value, str)]

    def _of(self, node: Any, depth: int) -> list[Value]:
        known = self._known.get(id(node))
        if known is not None:
            return known
        self._steps += 1
        if depth > _DEPTH or self._steps > _STEPS:
            return []
        reader = _READERS.get(type(node).__name__)
        if reader is None:
            return []
        # A name that is set from itself meets itself here, as something unknown.
        self._known[id(node)] = []
        values = self._known[id(node)] = _bounded(reader(self, node, depth + 1))
        return values

    def _name(self, node: Any, depth: int) -> list[Value]:
        name = _target(node)
        return [
            value
            for source in self._set.get(name or "", [])[:_CHOICES]
            for value in self._of(source, depth + 3)
        ]

    def _const(self, node: Any, _depth: int) -> list[Value]:
        value = node.value
        if isinstance(value, str) or type(value) is int:
            return [value]
        return []

    def _data(self, node: Any, _depth: int) -> list[Value]:
        return [node.data]

    def _sequence(self, node: Any, depth: int) -> list[Value]:
        if len(node.items) > _ITEMS:
            return []
        items = [self._of(item, depth) for item in node.items]
        return [[values[0] for values in items]] if all(items) else []

    def _dict(self, node: Any, depth: int) -> list[Value]:
        keys = [self._of(item.key, depth) for item in node.items[:_ITEMS]]
        return [[values[0] for values in keys]] if keys and all(keys) else []

    def _concat(self, node: Any, depth: int) -> list[Value]:
        if len(node.nodes) > _ITEMS:
            return []
        return self._joined([self._of(item, depth) for item in node.nodes])

    def _joined(self, parts: list[list[Value]]) -> list[Value]:
        found = [""]
        for values in parts:
            found = [left + _text(value) for left in found for value in values][:_CHOICES]
            if any(len(text) > _TEXT for text in found):
                return []
        return list(found) if parts else []

    def _add(self, node: Any, depth: int) -> list[Value]:
        found: list[Value] = []
        for left in self._of(node.left, depth):
            for right in self._of(node.right, depth):
                if isinstance(left, str) and isinstance(right, str):
                    found.append(left + right)
                if isinstance(left, list) and isinstance(right, list):
                    found.append(left + right)
        return found

    def _mul(self, node: Any, depth: int) -> list[Value]:
        found: list[Value] = []
        for left in self._of(node.left, depth):
            for right in self._of(node.right, depth):
                text, times = (left, right) if isinstance(left, str) else (right, left)
                if isinstance(text, str) and isinstance(times, int) and 0 <= times <= 200:
                    found.append(text * times)
        return found

    def _neg(self, node: Any, depth: int) -> list[Value]:
        return [-value for value in self._of(node.node, depth) if isinstance(value, int)]

    def _mod(self, node: Any, depth: int) -> list[Value]:
        return [
            text
            for left in self._of(node.left, depth)
            for right in self._of(node.right, depth)
            for text in _percent(left, right if isinstance(right, list) else [right])
        ]

    def _condition(self, node: Any, depth: int) -> list[Value]:
        other = [] if node.expr2 is None else self._of(node.expr2, depth)
        return self._of(node.expr1, depth) + other

    def _item(self, node: Any, depth: int) -> list[Value]:
        if type(node.arg).__name__ == "Slice":
            return self._slice(node, depth)
        if type(node.node).__name__ == "Dict":
            keys = self._of(node.arg, depth)
            pairs = [i for i in node.node.items if self._of(i.key, depth)[:1] == keys[:1]]
            return self._of(pairs[-1].value, depth) if keys and pairs else []
        found: list[Value] = []
        for holder in self._of(node.node, depth):
            for index in self._of(node.arg, depth):
                if isinstance(holder, str | list) and isinstance(index, int):
                    found += holder[index : index + 1] if index >= 0 else holder[index:][:1]
        return found

    def _slice(self, node: Any, depth: int) -> list[Value]:
        bounds: list[int | None] = []
        for item in (node.arg.start, node.arg.stop, node.arg.step):
            values = [] if item is None else self._of(item, depth)
            number = next((value for value in values if isinstance(value, int)), None)
            if item is not None and number is None:
                return []
            bounds.append(number)
        if bounds[2] == 0:
            return []
        holders = self._of(node.node, depth)
        return [holder[slice(*bounds)] for holder in holders if isinstance(holder, str | list)]

    def _filter(self, node: Any, depth: int) -> list[Value]:
        if node.name not in _FILTERS or node.node is None:
            return []
        return self._applied(node.name, self._of(node.node, depth), node, depth, True)

    def _call(self, node: Any, depth: int) -> list[Value]:
        callee = node.node
        if type(callee).__name__ == "Name" and callee.name == "dict" and not node.args:
            return [[item.key for item in node.kwargs[:_ITEMS]]] if node.kwargs else []
        if type(callee).__name__ != "Getattr" or callee.attr not in _METHODS:
            return []
        return self._applied(callee.attr, self._of(callee.node, depth), node, depth, False)

    def _applied(
        self, name: str, values: list[Value], node: Any, depth: int, is_filter: bool
    ) -> list[Value]:
        arguments = [self._of(item, depth)[:1] for item in node.args[:_ITEMS]]
        if not all(arguments) and name in ("join", "format", "replace"):
            return []
        plain: list[Value] = [item[0] for item in arguments if item]
        return [result for value in values for result in _apply(name, value, plain, is_filter)]


def _apply(name: str, value: Value, arguments: list[Value], is_filter: bool) -> list[Value]:
    if name == "join":
        if is_filter:
            return _join(_text(arguments[0]) if arguments else "", value)
        return _join(_text(value), arguments[0]) if arguments else []
    if name == "format":
        if not isinstance(value, str):
            return []
        return _percent(value, arguments) if is_filter else _braces(value, arguments)
    if name in ("list", "reverse"):
        items = list(value) if isinstance(value, str | list) else []
        if name == "list":
            return [items]
        return [value[::-1]] if isinstance(value, str) else [items[::-1]]
    if name in ("first", "last"):
        if not isinstance(value, str | list) or not value:
            return []
        return [value[0] if name == "first" else value[-1]]
    if not isinstance(value, str):
        return [_text(value)] if name == "string" else []
    if name == "replace":
        if len(arguments) < 2:
            return []
        old, new = _text(arguments[0]), _text(arguments[1])
        return [value.replace(old, new)] if len(value) * (1 + len(new)) < 4 * _TEXT else []
    return [_TEXTUAL.get(name, str)(value)]


_TEXTUAL: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "capitalize": str.capitalize,
    "trim": str.strip,
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
}


def _join(separator: str, value: Value) -> list[Value]:
    if not isinstance(value, str | list) or len(value) > _ITEMS:
        return []
    text = separator.join(_text(item) for item in value)
    return [text] if len(text) <= _TEXT else []


def _percent(value: Value, arguments: list[Value]) -> list[Value]:
    """printf-style formatting, for formats that can neither fail slowly nor grow."""
    if not isinstance(value, str) or "%" in _PERCENT.sub("", value) or len(value) > _TEXT:
        return []
    try:
        return [value % tuple(arguments)]
    except (TypeError, ValueError, OverflowError):
        return []


def _braces(value: str, arguments: list[Value]) -> list[Value]:
    """``str.format`` with plain fields; fields that reach into their arguments are not followed."""
    counter = iter(range(_ITEMS))
    if len(value) > _TEXT or set(_FIELD.sub("", value)) & {"{", "}"}:
        return []

    def field(match: re.Match[str]) -> str:
        number = int(match[1]) if match[1] else next(counter)
        argument = arguments[number]
        return format(argument, match[2] or "") if isinstance(argument, int) else _text(argument)

    try:
        return [_FIELD.sub(field, value)]
    except (IndexError, ValueError, OverflowError, StopIteration):
        return []


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else ""
    # A list of lists of lists could be written in few words and fill the memory as text.
    if any(isinstance(item, list) for item in value) or len(value) > _ITEMS:
        return ""
    return str([_text(item)[:80] for item in value])[:_TEXT]


def _bounded(values: list[Value]) -> list[Value]:
    kept = [
        value
        for value in values
        if not (isinstance(value, str) and len(value) > 4 * _TEXT)
        and not (isinstance(value, list) and len(value) > 4 * _TEXT)
    ]
    return kept[:_CHOICES]


def _target(node: Any) -> str | None:
    kind = type(node).__name__
    if kind == "Name":
        return str(node.name)
    if kind == "NSRef":
        return f"{node.name}.{node.attr}"
    if kind == "Getattr" and type(node.node).__name__ == "Name":
        return f"{node.node.name}.{node.attr}"
    return None


def _block_text(node: Any) -> str | None:
    """Return the text of a ``{% set %}`` block that holds nothing else."""
    texts: list[str] = []
    for output in node.body[:_ITEMS]:
        for part in getattr(output, "nodes", [output]):
            if type(part).__name__ != "TemplateData":
                return None
            texts.append(part.data)
    return "".join(texts)[:_TEXT]


_READERS: dict[str, Any] = {
    "Const": Constants._const,
    "TemplateData": Constants._data,
    "Name": Constants._name,
    "Getattr": Constants._name,
    "List": Constants._sequence,
    "Tuple": Constants._sequence,
    "Dict": Constants._dict,
    "Concat": Constants._concat,
    "Add": Constants._add,
    "Mul": Constants._mul,
    "Neg": Constants._neg,
    "Mod": Constants._mod,
    "CondExpr": Constants._condition,
    "Getitem": Constants._item,
    "Filter": Constants._filter,
    "Call": Constants._call,
}
