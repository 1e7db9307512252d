"""Resolves names, attributes and items to dotted names, through the scopes of a text."""

from __future__ import annotations

import builtins

from weighbridge.formats.python import folding
from weighbridge.formats.python.effects import (
    BUILTIN_MODULES,
    BUILTINS,
    CUSTOMARY,
    Names,
    is_library,
    known,
)
from weighbridge.formats.python.values import UNKNOWN, Const, Items, Ref, Value

MOST_WORK = 8 << 20

GLOBALS = Ref("@globals")
OBJECT = Ref("builtins.object")
_TO_CLASS = frozenset({"__class__", "__base__", "__bases__", "__mro__"})
_ALL_BUILTINS = frozenset(dir(builtins)) | BUILTINS | {"unichr", "unicode"}


class Resolver:
    """Knows what names stand for.

    Attributes:
        names: where calls and imports are noted.
        scopes: what is bound, innermost last.
        imported: what any import of the text binds, wherever it stands.
        defined: names that the text binds somewhere.
        stars: modules of `from module import *`.
        attributes: what was last assigned to an attribute of that name of some object.
    """

    def __init__(self, names: Names) -> None:
        """Note what is found in `names`."""
        self.names = names
        self.scopes: list[dict[str, Value]] = [{}]
        self.imported: dict[str, Value] = {}
        self.defined: set[str] = set()
        self.stars: list[str] = []
        self.attributes: dict[str, Value] = {}
        self._work_left = MOST_WORK

    def charge(self, *values: Value) -> bool:
        """Count the work of computing with `values`; False when there has been enough."""
        for value in values:
            if isinstance(value, Const) and isinstance(value.value, str | bytes):
                self._work_left -= len(value.value)
            elif isinstance(value, Items):
                self._work_left -= 8 * len(value.values)
        if self._work_left < 0:
            self.names.complete = False
        return self._work_left >= 0

    def note_call(self, path: str) -> None:
        """Note that `path` is called, unless it is an everyday built-in function."""
        first, _, rest = path.partition(".")
        if first in BUILTIN_MODULES and rest not in BUILTINS and "__" not in rest:
            return
        if not path.startswith("@"):
            self.names.add_call(path)
            if path.startswith("builtins.object."):
                self.names.add_call(path.removeprefix("builtins."))

    def attribute(self, owner: Value, name: str) -> Value:
        """Return the attribute `name` of `owner`."""
        if name in _TO_CLASS:
            return OBJECT
        if name == "__builtins__":
            return Ref("builtins")
        if name in ("__globals__", "func_globals", "f_globals", "f_builtins"):
            return GLOBALS
        if isinstance(owner, Ref):
            if name == "__call__":
                return owner
            if len(owner.path) > 400:
                return UNKNOWN
            if owner == GLOBALS:
                return Ref("builtins")
            return Ref(f"{owner.path}.{name}", owner.result)
        return self.attributes.get(name, UNKNOWN) if owner == UNKNOWN else UNKNOWN

    def item(self, owner: Value, key: Value) -> Value:
        """Return `owner[key]`."""
        if not isinstance(owner, Ref):
            return folding.subscript(owner, key)
        name = key.value if isinstance(key, Const) else None
        if owner.path == "sys.modules":
            return Ref(name) if isinstance(name, str) else UNKNOWN
        if owner == GLOBALS or owner.path.endswith(".__dict__"):
            if not isinstance(name, str):
                return UNKNOWN
            return self._global(name) if owner == GLOBALS else Ref(f"{owner.path[:-9]}.{name}")
        # `__builtins__['exec']`: in imported modules it is the dictionary itself.
        if owner.path == "builtins" and isinstance(name, str):
            return Ref(f"builtins.{name}")
        return owner

    def _global(self, name: str) -> Value:
        found = self.lookup(name)
        return Ref(name) if found == UNKNOWN and is_library(name) else found

    def lookup(self, name: str) -> Value:
        """Return what a name stands for here."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if name in self.imported:
            return self.imported[name]
        if name in BUILTIN_MODULES:
            return Ref("builtins")
        for module in self.stars:
            row = known(f"{module}.{name}")
            elsewhere = name in _ALL_BUILTINS or name in self.defined
            if row is not None and (row.name != "*" or not elsewhere):
                return Ref(f"{module}.{name}")
        if name in _ALL_BUILTINS:
            return Ref(f"builtins.{name}")
        # Nothing binds it here, so it comes from where the text will run.
        return Ref(CUSTOMARY.get(name, name)) if name in CUSTOMARY or is_library(name) else UNKNOWN
