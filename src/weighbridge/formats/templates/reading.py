"""The tree of a template to the names it uses: attributes, calls, filters, tests, statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weighbridge.formats.templates.constants import Constants
from weighbridge.formats.templates.macros import MacroLists
from weighbridge.formats.templates.shown import show
from weighbridge.formats.templates.tree import walk

if TYPE_CHECKING:
    from jinja2.nodes import Node, Template

USES = 2_000
_DEPTH = 50
# Filters that look up an attribute by name, and where they take it.
_BY_ATTRIBUTE = {
    "map": None,
    "groupby": 0,
    "sort": None,
    "unique": None,
    "min": None,
    "max": None,
    "sum": 0,
    "selectattr": 0,
    "rejectattr": 0,
}
# Filters that run a filter or test which they take by name, and where they take it.
_BY_NAME = {
    "map": ("filter", 0),
    "select": ("test", 0),
    "reject": ("test", 0),
    "selectattr": ("test", 1),
    "rejectattr": ("test", 1),
}
_SPECIAL = re.compile(r"__\w{2,60}__")
_FIELD = re.compile(r"\{[^{}]{0,80}?[.\[](_\w{1,60})")
_ASSEMBLING_NAMES = frozenset("join format replace reverse".split())


@dataclass(slots=True)
class Use:
    """One name in one role; see :class:`weighbridge.facts.templates.TemplateUse`."""

    line: int
    kind: str
    name: str
    code: str
    root: str
    computed: bool
    count: int = 1


class Reader:
    """Collects what a template uses."""

    def __init__(self, tree: Template, constants: Constants) -> None:
        self._tree = tree
        self._constants = constants
        self._called: set[int] = set()
        self._macros = {"caller", "loop"}
        self._lists = MacroLists([])
        self.uses: dict[tuple[str, str, bool], Use] = {}
        self.complete = True

    def read(self) -> None:
        """Visit every node once; no recursion, however deep the tree is."""
        nodes = list(walk(self._tree))
        self._macros.update(node.name for node in nodes if type(node).__name__ == "Macro")
        self._macros.update(_helpers(nodes))
        self._lists = MacroLists(nodes)
        for node in nodes:
            visit = _VISITORS.get(type(node).__name__)
            if visit is not None:
                visit(self, node)

    def add(self, kind: str, name: str, node: Node, computed: bool = False) -> None:
        """Keep a use."""
        key = (kind, name[:300], computed)
        known = self.uses.get(key)
        if known is not None:
            known.count += 1
        elif len(self.uses) < USES:
            self.uses[key] = Use(node.lineno, kind, key[1], show(node), root_of(node), computed)
        else:
            self.complete = False

    def _getattr(self, node: Any) -> None:
        self.add("method" if id(node) in self._called else "attribute", node.attr, node)

    def _getitem(self, node: Any) -> None:
        kind = type(node.arg).__name__
        called = id(node) in self._called and not self._lists.picks(node)
        if kind == "Slice" or (kind == "Const" and not isinstance(node.arg.value, str)):
            if called:
                self.add("indirect-call", "", node)
            return
        if kind == "Const":
            self.add("method" if called else "item", node.arg.value, node)
            return
        for name in self._constants.texts(node.arg):
            self.add("method" if called else "item", name, node, computed=True)
        if not self._constants.texts(node.arg) and self._assembles(node.arg):
            self.add("computed-item", show(node.arg, 120), node, computed=True)
        elif called:
            self.add("indirect-call", show(node.arg, 120), node)

    def _call(self, node: Any) -> None:
        callee = node.node
        kind = type(callee).__name__
        if kind == "Name":
            if callee.name not in self._macros:
                self.add("call", callee.name, node)
        elif kind in ("Getattr", "Getitem"):
            self._called.add(id(callee))
        else:
            self.add("indirect-call", show(callee, 120), node)

    def _name(self, node: Any) -> None:
        if node.ctx == "load":
            self.add("name", node.name, node)

    def _filter(self, node: Any) -> None:
        name = node.name
        self.add("filter", name, node)
        if name == "attr":
            self._attr(node)
        position = _BY_ATTRIBUTE.get(name, -1)
        if name in _BY_ATTRIBUTE:
            named = [item.value for item in node.kwargs if item.key == "attribute"]
            if position is not None and len(node.args) > position:
                named.append(node.args[position])
            for item in named:
                self._by_attribute(item, node)
        if name in _BY_NAME:
            kind, place = _BY_NAME[name]
            if len(node.args) > place:
                self._by_name(kind, node, place)

    def _attr(self, node: Any) -> None:
        argument = node.args[0] if node.args else None
        names = self._constants.texts(argument)
        for name in names:
            self.add("attr-filter", name, node, computed=type(argument).__name__ != "Const")
        if not names:
            self.add("computed-attr", "" if argument is None else show(argument, 120), node, True)

    def _by_attribute(self, argument: Any, node: Any) -> None:
        constant = type(argument).__name__ == "Const"
        for name in self._constants.texts(argument):
            for part in name.split("."):
                self.add("attribute", part, node, computed=not constant)

    def _by_name(self, kind: str, node: Any, place: int) -> None:
        argument = node.args[place]
        names = self._constants.texts(argument)
        for name in names:
            self.add(kind, name, node, computed=type(argument).__name__ != "Const")
            rest = node.args[place + 1] if len(node.args) > place + 1 else None
            if name == "attr" and kind == "filter":
                for attribute in self._constants.texts(rest):
                    self.add("attr-filter", attribute, node)
                if not self._constants.texts(rest):
                    self.add("computed-attr", "" if rest is None else show(rest, 120), node, True)
        if not names:
            self.add("computed-filter", show(argument, 120), node, computed=True)

    def _test(self, node: Any) -> None:
        self.add("test", node.name, node)

    def _statement(self, node: Any) -> None:
        self.add("statement", type(node).__name__.lower(), node)

    def _const(self, node: Any) -> None:
        if isinstance(node.value, str):
            self._string(node.value, node, computed=False)

    def _assembled(self, node: Any) -> None:
        for text in self._constants.texts(node):
            self._string(text, node, computed=True)

    def _assembles(self, node: Any, depth: int = 0) -> bool:
        """Say whether an expression puts a string together; sums of numbers do not."""
        kind = type(node).__name__
        if depth > _DEPTH:
            return True
        if kind in ("Add", "Mod"):
            sides = (node.left, node.right) if kind == "Add" else (node.left,)
            return any(
                bool(self._constants.texts(s)) or self._assembles(s, depth + 1) for s in sides
            )
        if kind == "Filter":
            return node.name in _ASSEMBLING_NAMES
        callee: Any = node.node if kind == "Call" else None
        if type(callee).__name__ == "Getattr":
            return callee.attr in _ASSEMBLING_NAMES
        return kind == "Concat"

    def _string(self, text: str, node: Any, computed: bool) -> None:
        for match in _SPECIAL.finditer(text[:20_000]):
            self.add("string", match[0], node, computed)
        for match in _FIELD.finditer(text[:20_000]):
            self.add("format-field", match[1], node, computed)

    def _filtered(self, node: Any) -> None:
        self._filter(node)
        if node.name in _ASSEMBLING_NAMES:
            self._assembled(node)

    def _called_method(self, node: Any) -> None:
        self._call(node)
        if type(node.node).__name__ == "Getattr" and node.node.attr in _ASSEMBLING_NAMES:
            self._assembled(node)


_VISITORS: dict[str, Callable[[Reader, Any], None]] = {
    "Getattr": Reader._getattr,
    "Getitem": Reader._getitem,
    "Call": Reader._called_method,
    "Name": Reader._name,
    "Filter": Reader._filtered,
    "Test": Reader._test,
    "Import": Reader._statement,
    "FromImport": Reader._statement,
    "Include": Reader._statement,
    "Extends": Reader._statement,
    "Const": Reader._const,
    "Concat": Reader._assembled,
    "Add": Reader._assembled,
    "Mod": Reader._assembled,
}


def _helpers(nodes: list[Any]) -> set[str]:
    """Return the names that are set to a joiner or cycler of Jinja and to nothing else."""
    made: dict[str, bool] = {}
    for node in nodes:
        if type(node).__name__ == "Assign" and type(node.target).__name__ == "Name":
            callee: Any = node.node.node if type(node.node).__name__ == "Call" else None
            helper = type(callee).__name__ == "Name" and callee.name in ("joiner", "cycler")
            made[node.target.name] = made.get(node.target.name, True) and helper
    return {name for name, helper in made.items() if helper}


def root_of(node: Any) -> str:
    """Return the name that a chain of attributes, items, calls and filters starts from."""
    for _ in range(500):
        kind = type(node).__name__
        if kind == "Name":
            return str(node.name)
        if kind not in ("Getattr", "Getitem", "Call", "Filter", "Test") or node.node is None:
            return ""
        node = node.node
    return ""
