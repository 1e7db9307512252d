"""What a template calls besides names: macros that it keeps in a list, and picks by number."""

from __future__ import annotations

from collections import Counter
from typing import Any


class MacroLists:
    """The variables of a template that hold its own macros and nothing else.

    Templates of Jamba gather in a list which of their macros apply, and call one after the other.
    """

    def __init__(self, nodes: list[Any]) -> None:
        self._bound: Counter[str] = Counter()
        self._counting: Counter[str] = Counter()
        values: dict[str, list[Any]] = {}
        macros = set()
        for node in nodes:
            kind = type(node).__name__
            target = type(getattr(node, "target", None)).__name__
            if kind == "Name" and node.ctx != "load":
                self._bound[node.name] += 1
            elif kind == "Macro":
                macros.add(node.name)
            elif kind == "Assign" and target == "Name":
                values.setdefault(node.target.name, []).append(node.node)
            elif kind == "For" and target == "Name" and _is_range(node.iter):
                self._counting[node.target.name] += 1
        self._macros = {name for name in macros if not self._bound[name]}
        # Whatever else gives a name a value (loops, arguments, blocks) is in the count only.
        self._values = {name: v for name, v in values.items() if len(v) == self._bound[name]}

    def picks(self, node: Any) -> bool:
        """Say whether an item of something is a macro: a list of them, and a number."""
        index = node.arg
        if type(index).__name__ == "Const":
            number = isinstance(index.value, int)
        else:
            number = type(index).__name__ == "Name" and self._counts(index.name)
        return number and type(node.node).__name__ == "Name" and self._holds(node.node.name)

    def _counts(self, name: str) -> bool:
        return 0 < self._counting[name] == self._bound[name]

    def _holds(self, name: str) -> bool:
        pending = list(self._values.get(name, ()))
        found = bool(pending)
        while pending and found:
            value = pending.pop()
            kind = type(value).__name__
            if kind == "Add":
                pending += [value.left, value.right]
            elif kind == "List":
                found = all(type(one).__name__ == "Name" for one in value.items)
                found = found and {one.name for one in value.items} <= self._macros
            else:
                found = kind == "Name" and value.name == name
        return found


def _is_range(node: Any) -> bool:
    callee: Any = node.node if type(node).__name__ == "Call" else None
    return type(callee).__name__ == "Name" and callee.name == "range"
