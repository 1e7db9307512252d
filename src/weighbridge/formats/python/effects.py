"""The vocabulary that source text and code objects are described in: dotted names.

A name is resolved as far as it can be without running anything, `os.system` or
`socket.socket.connect`, and built-in functions always carry their module, `builtins.exec`.
Nothing here judges; the rules look the names up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from weighbridge.tables.callables import Dangerous, dangerous
from weighbridge.tables.libraries import library_kind
from weighbridge.text.secrets import mask

MOST_NAMES = 500
MOST_CONSTANTS = 64
CONSTANT_LENGTH = 500
TEXT_LENGTH = 2000
NAME_LENGTH = 200

# Built-in functions that reach code, files, names or live objects. `type`, `map` and their like
# are left out: all ordinary code uses them.
BUILTINS = frozenset(
    {
        "__build_class__",
        "__import__",
        "breakpoint",
        "compile",
        "delattr",
        "eval",
        "exec",
        "execfile",
        "exit",
        "getattr",
        "globals",
        "help",
        "input",
        "locals",
        "open",
        "quit",
        "raw_input",
        "reload",
        "setattr",
        "vars",
    }
)
BUILTIN_MODULES = frozenset({"builtins", "__builtin__", "__builtins__"})

# What everybody calls these modules when the import itself is out of sight, as it is in a
# function that was pickled without its globals.
CUSTOMARY = {
    "K": "keras.backend",
    "cp": "cupy",
    "np": "numpy",
    "pd": "pandas",
    "sp": "scipy",
    "tf": "tensorflow",
}


def split(dotted: str) -> list[tuple[str, str]]:
    """Return the ways to read a dotted name as (module, name), longest module first."""
    parts = dotted.split(".", 12)
    return [(".".join(parts[:end]), ".".join(parts[end:])) for end in range(len(parts) - 1, 0, -1)]


@lru_cache(4096)
def known(dotted: str) -> Dangerous | None:
    """Return the row about a dotted name: an exact one if there is any, else that of a module."""
    rows = [row for row in (dangerous(*pair) for pair in split(dotted)) if row is not None]
    exact = [row for row in rows if row.name != "*"]
    found = exact or rows
    return found[0] if found else None


def exactly_known(dotted: str) -> bool:
    """Say whether a row is about this very callable, not about its whole module."""
    row = known(dotted)
    return row is not None and row.name != "*"


def is_library(module: str) -> bool:
    """Say whether `module` can be taken for a module just because of its name."""
    return module in BUILTIN_MODULES or library_kind(module) is not None


def excerpt(text: str, limit: int) -> str:
    """Return the beginning of `text` with credentials masked; printable, without surrogates."""
    beginning = text[: limit * 2].encode("utf-8", "backslashreplace").decode("utf-8")
    return mask(beginning)[:limit]


@dataclass(slots=True)
class Names:
    """Collects imports, calls and constants in order, without doubles and within bounds."""

    imports: dict[str, None] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)
    constants: dict[str, None] = field(default_factory=dict)
    complete: bool = True

    def add_import(self, dotted: str) -> None:
        """Note an imported module or symbol."""
        self._add(self.imports, dotted)

    def add_call(self, dotted: str) -> None:
        """Note a callable that is called, or loaded so that something else can call it."""
        if dotted.startswith(("__builtin__.", "__builtins__.")):
            dotted = "builtins." + dotted.partition(".")[2]
        self._add(self.calls, dotted)

    def add_constant(self, value: str | bytes) -> None:
        """Note a constant for people to read."""
        if len(self.constants) >= MOST_CONSTANTS:
            return
        if isinstance(value, bytes):
            value = value[: CONSTANT_LENGTH * 2].decode("latin-1")
        if value:
            self.constants[excerpt(value, CONSTANT_LENGTH)] = None

    def _add(self, where: dict[str, None], dotted: str) -> None:
        dotted = dotted[:NAME_LENGTH].encode("utf-8", "backslashreplace").decode("utf-8")
        if dotted in where:
            return
        if len(where) >= MOST_NAMES:
            self.complete = False
            return
        where[dotted] = None
