"""The effects of Python code, by the names that it calls."""

from __future__ import annotations

from weighbridge.facts.pickles import Code
from weighbridge.tables.callables import Dangerous, dangerous

# Ordinary functions use these all the time; alone they show no intent.
EVERYDAY = frozenset({"object_graph", "import_resolve", "debugger_test"})


def dangerous_names(code: Code) -> list[tuple[str, Dangerous]]:
    """Return the dotted names that `code` calls and that have an effect no model needs."""
    found = []
    for name in code.calls:
        row = _row(name)
        if row is not None and row.judge == "always" and row.effect not in EVERYDAY:
            found.append((name, row))
    return found


def effects_of(code: Code) -> list[str]:
    """Return the effects of what `code` calls, in order, without repetition."""
    return list(dict.fromkeys(row.effect for _name, row in dangerous_names(code)))


def _row(name: str) -> Dangerous | None:
    """Split a dotted name at the module that a table knows: `os.path.x` or `pathlib.Path.y`."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        row = dangerous(".".join(parts[:cut]), ".".join(parts[cut:]))
        if row is not None:
            return row
    return None
