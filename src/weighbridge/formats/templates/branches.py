"""Constant text that a template gives only under a condition on what was said, or on the day.

A template that adds words when a message holds a certain word is the way a backdoor is built
without touching the weights (Pillar Security, 2025). Conditions on roles, tools and options are
what every template has, so only comparisons of a message's content with a constant count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weighbridge.formats.templates.constants import Constants
from weighbridge.formats.templates.shown import show
from weighbridge.formats.templates.tree import walk

if TYPE_CHECKING:
    from jinja2.nodes import Template

BRANCHES = 200
_TEXT = 2_000
_DEPTH = 60
_NODES = 3_000
_URL = re.compile(r"\bhttps?://[^\s\"'<>{}\\]{4,200}", re.I)
_CONTENT = frozenset("content text query prompt".split())
_COMPARING = frozenset("startswith endswith find index count rfind".split())
_NORMALISING = frozenset(
    "lower upper trim string title capitalize strip lstrip rstrip casefold replace".split()
)
_TESTING = frozenset("in eq equalto ==".split())
# What these take is not given to the model.
_ASIDE = frozenset({"raise_exception", "strftime_now"})


@dataclass(slots=True)
class Branch:
    """See :class:`weighbridge.facts.templates.TemplateBranch`."""

    line: int
    kind: str
    trigger: str
    test: str
    text: str
    direct: bool


@dataclass(frozen=True, slots=True)
class _Condition:
    kind: str
    trigger: str
    negative: bool


class Branches:
    """Finds conditional text in one template."""

    def __init__(self, tree: Template, constants: Constants) -> None:
        self._tree = tree
        self._constants = constants
        self._carried: dict[str, _Condition] = {}
        self._contents = set(_CONTENT)
        self.found: list[Branch] = []

    def read(self) -> None:
        """Collect the branches, in the order of the text."""
        nodes = list(walk(self._tree))
        self._follow(nodes)
        for node in nodes:
            kind = type(node).__name__
            if kind == "If":
                self._if(node)
            elif kind == "CondExpr":
                other = [] if node.expr2 is None else [node.expr2]
                self._branch(node, [node.expr1], other)
        self._links()

    def _follow(self, nodes: list[Any]) -> None:
        """Note the names that hold what a message says, or that such a condition decides."""
        for _ in range(2):
            for node in nodes:
                kind = type(node).__name__
                if kind == "Assign":
                    name = _name(node.target)
                    if name and self._is_content(node.node):
                        self._contents.add(name)
                    elif name:
                        self._keep(name, self._condition(node.node))
                elif kind == "If":
                    condition = self._condition(node.test)
                    body = node.else_ if condition and condition.negative else node.body
                    for item in body if condition else ():
                        if type(item).__name__ == "Assign":
                            self._keep(_name(item.target), condition)

    def _keep(self, name: str | None, condition: _Condition | None) -> None:
        if name is not None and condition is not None and len(self._carried) < BRANCHES:
            self._carried.setdefault(name, condition)

    def _if(self, node: Any) -> None:
        other = [*node.elif_, *node.else_]
        self._branch(node, node.body, other)

    def _branch(self, node: Any, body: list[Any], other: list[Any]) -> None:
        condition = self._condition(node.test)
        direct = condition is not None
        if condition is None:
            condition = self._carrier(node.test)
        if condition is None or len(self.found) >= BRANCHES:
            return
        given, instead = (other, body) if condition.negative else (body, other)
        text = self._text(given)
        if text and text not in self._text(instead):
            self.found.append(
                Branch(
                    node.lineno,
                    condition.kind,
                    condition.trigger[:300],
                    show(node.test),
                    text,
                    direct,
                )
            )

    def _carrier(self, test: Any) -> _Condition | None:
        for node in walk(test):
            condition = self._carried.get(_name(node) or "")
            if condition is not None:
                return condition
        return None

    def _condition(self, test: Any) -> _Condition | None:
        """Return what a condition compares the content or the day with, if it does."""
        negated = {id(node.node) for node in walk(test) if type(node).__name__ == "Not"}
        for node in walk(test):
            kind = type(node).__name__
            found: tuple[str, str] | None = None
            negative = id(node) in negated
            if kind == "Compare" and len(node.ops) == 1:
                found = self._compared(node.expr, node.ops[0].expr)
                negative ^= node.ops[0].op in ("notin", "ne")
            elif kind == "Call" and type(node.node).__name__ == "Getattr":
                if node.node.attr in _COMPARING and node.args:
                    found = self._compared(node.node.node, node.args[0])
            elif kind == "Test" and node.name in _TESTING and node.args:
                found = self._compared(node.node, node.args[0])
            if found is not None:
                return _Condition(found[0], found[1], negative)
        return None

    def _compared(self, left: Any, right: Any) -> tuple[str, str] | None:
        for subject, other in ((left, right), (right, left)):
            kind = "content" if self._is_content(subject) else None
            kind = "date" if self._is_date(subject) else kind
            texts = self._words(other) if kind else []
            if kind and texts:
                return kind, texts[0]
        return None

    def _words(self, node: Any) -> list[str]:
        texts = [text for text in self._constants.texts(node) if text.strip()]
        for value in self._constants.of(node):
            if isinstance(value, list):
                texts += [item for item in value if isinstance(item, str) and item.strip()]
            elif isinstance(value, int):
                texts.append(str(value))
        return texts

    def _is_content(self, node: Any) -> bool:
        for _ in range(_DEPTH):
            kind = type(node).__name__
            if kind in ("Name", "Getattr", "NSRef") and _name(node) in self._contents:
                return True
            if kind == "Getattr":
                return node.attr in _CONTENT
            if kind == "Getitem":
                if type(node.arg).__name__ == "Const" and isinstance(node.arg.value, str):
                    return node.arg.value in _CONTENT
                node = node.node
            elif kind == "Filter" and node.name in _NORMALISING:
                node = node.node
            elif kind == "Call" and type(node.node).__name__ == "Getattr":
                if node.node.attr not in _NORMALISING:
                    return False
                node = node.node.node
            else:
                return False
        return False

    def _is_date(self, node: Any) -> bool:
        for item in walk(node):
            if type(item).__name__ == "Call" and type(item.node).__name__ == "Name":
                return bool(item.node.name == "strftime_now")
        return False

    def _text(self, body: list[Any]) -> str:
        """Return the constant text that statements or expressions give, nested ones included."""
        parts: list[str] = []
        pending = list(reversed(body))
        for _ in range(_NODES):
            if not pending:
                break
            node = pending.pop()
            kind = type(node).__name__
            if kind == "TemplateData":
                parts.append(node.data)
            elif kind == "Const" and isinstance(node.value, str):
                parts.append(node.value)
            elif kind in ("Compare", "Test", "Getitem", "Getattr", "Filter"):
                continue
            elif kind == "Call":
                if type(node.node).__name__ == "Name" and node.node.name not in _ASIDE:
                    pending.extend(reversed(node.args))
            elif kind == "If":
                pending.extend(reversed([*node.body, *node.elif_, *node.else_]))
            elif kind == "CondExpr":
                pending.extend(item for item in (node.expr2, node.expr1) if item is not None)
            else:
                pending.extend(reversed(list(node.iter_child_nodes())))
        return " ".join("".join(parts).split())[:_TEXT]

    def _links(self) -> None:
        """Find addresses that stand only where the assistant speaks."""
        inside: dict[str, tuple[int, str]] = {}
        outside: set[str] = set()
        pending: list[tuple[Any, tuple[int, str] | None]] = [(self._tree, None)]
        while pending:
            node, spoken = pending.pop()
            kind = type(node).__name__
            text = node.data if kind == "TemplateData" else getattr(node, "value", None)
            if kind in ("TemplateData", "Const") and isinstance(text, str):
                for url in _URL.findall(text):
                    outside.add(url) if spoken is None else inside.setdefault(url, spoken)
            chosen: list[Any] = []
            if kind in ("If", "CondExpr") and _speaks(node.test, "assistant", self._constants):
                chosen = node.body if kind == "If" else [node.expr1]
            there = (node.lineno, show(node.test)) if chosen else spoken
            own = {id(item) for item in chosen}
            pending += [
                (item, there if id(item) in own else spoken) for item in node.iter_child_nodes()
            ]
        for url in [url for url in inside if url not in outside][:20]:
            line, test = inside[url]
            self.found.append(Branch(line, "assistant-url", url[:200], test, url, True))


def _speaks(test: Any, role: str, constants: Constants) -> bool:
    """Say whether a condition holds where `role` speaks."""
    for node in walk(test):
        if type(node).__name__ == "Compare" and node.ops[0].op in ("eq", "in"):
            sides = (node.expr, node.ops[0].expr)
            if any(_is_role(side) for side in sides):
                return any(role in constants.texts(side) for side in sides)
    return False


def _is_role(node: Any) -> bool:
    kind = type(node).__name__
    if kind == "Getattr":
        return bool(node.attr == "role")
    if kind == "Getitem":
        return type(node.arg).__name__ == "Const" and node.arg.value == "role"
    return kind == "Name" and node.name == "role"


def _name(node: Any) -> str | None:
    kind = type(node).__name__
    if kind == "Name":
        return str(node.name)
    if kind == "NSRef":
        return f"{node.name}.{node.attr}"
    if kind == "Getattr" and type(node.node).__name__ == "Name":
        return f"{node.node.name}.{node.attr}"
    return None
