"""Renders what a stream would run as readable Python, bounded whatever the input."""

from __future__ import annotations

from weighbridge.facts.expressions import (
    Bytes,
    Expression,
    Mapping,
    Number,
    Persistent,
    Result,
    Sequence,
    Symbol,
    Text,
)
from weighbridge.facts.pickles import Call
from weighbridge.text.escaping import visible

LENGTH = 1200
_DEPTH = 12
_TEXT = 400
_BRACKETS = {"tuple": ("(", ")"), "list": ("[", "]"), "set": ("{", "}")}


class Renderer:
    """Renders expressions of one stream; `calls` are the stream's calls by number."""

    def __init__(self, calls: dict[int, Call], length: int = LENGTH) -> None:
        self._calls = calls
        self._left = length

    def call(self, call: Call, depth: int = 0) -> str:
        """Return a call as Python."""
        callee = self.value(call.callee, depth)
        arguments = [self.value(item, depth + 1) for item in call.arguments]
        if isinstance(call.keywords, Mapping):
            pairs = zip(call.keywords.items[::2], call.keywords.items[1::2], strict=False)
            arguments += [
                f"{key.value if isinstance(key, Text) else '?'}={self.value(value, depth + 1)}"
                for key, value in pairs
            ]
        return f"{callee}({', '.join(arguments)})"

    def value(self, expression: Expression, depth: int = 0) -> str:
        """Return an expression as Python; what does not fit becomes an ellipsis."""
        if self._left <= 0 or depth > _DEPTH:
            return "…"
        text = self._value(expression, depth)
        if not isinstance(expression, Result | Sequence | Mapping):
            self._left -= len(text)
        return text

    def _value(self, expression: Expression, depth: int) -> str:
        if isinstance(expression, Symbol):
            return symbol_name(expression.module, expression.name)
        if isinstance(expression, Result):
            call = self._calls.get(expression.call)
            return "…" if call is None else self.call(call, depth)
        if isinstance(expression, Text):
            shown = expression.value[:_TEXT]
            more = "…" if expression.size > len(shown.encode("utf-8", "replace")) else ""
            return visible(repr(shown)) + more
        if isinstance(expression, Bytes):
            head = bytes.fromhex(expression.head)
            more = f"… {expression.size} bytes" if expression.size > len(head) else ""
            return repr(head) + more
        if isinstance(expression, Number):
            return expression.value[:80]
        if isinstance(expression, Sequence):
            return self._sequence(expression, depth)
        if isinstance(expression, Mapping):
            return self._mapping(expression, depth)
        if isinstance(expression, Persistent):
            return f"persistent({self.value(expression.pid, depth + 1)})"
        return f"<{expression.reason}>"

    def _sequence(self, expression: Sequence, depth: int) -> str:
        items = [self.value(item, depth + 1) for item in expression.items]
        if expression.total > len(items):
            items.append(f"… {expression.total} items")
        if expression.kind == "frozenset":
            return f"frozenset({{{', '.join(items)}}})"
        if expression.kind == "tuple" and expression.total == 1:
            return f"({items[0]},)" if items else "()"
        opening, closing = _BRACKETS.get(expression.kind, ("[", "]"))
        return f"{opening}{', '.join(items)}{closing}"

    def _mapping(self, expression: Mapping, depth: int) -> str:
        values = [self.value(item, depth + 1) for item in expression.items]
        pairs = [f"{key}: {value}" for key, value in zip(values[::2], values[1::2], strict=False)]
        if expression.total > len(pairs):
            pairs.append(f"… {expression.total} items")
        return f"{{{', '.join(pairs)}}}"


def symbol_name(module: str, name: str) -> str:
    """Return `module.name` for display; builtins and the platform's `os` go by their usual name."""
    if module in ("builtins", "__builtin__"):
        return visible(name, 200)
    shown = {"posix": "os", "nt": "os"}.get(module, module)
    return visible(f"{shown}.{name}", 300)
