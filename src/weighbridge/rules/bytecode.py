"""What in a compiled module is more than what ordinary modules do when they are imported."""

from __future__ import annotations

from weighbridge.facts.pickles import Code
from weighbridge.rules.effects import dangerous_names
from weighbridge.tables.libraries import library_kind
from weighbridge.tables.shell import shell_traits

_RUNS_TEXT = frozenset({"builtins.exec", "builtins.eval", "marshal.loads"})
# Modules that bring what is run from elsewhere, or out of a form that nobody reads.
_BRINGS = frozenset(
    "aiohttp base64 binascii bz2 codecs ftplib http httpx lzma marshal requests socket urllib "
    "urllib3 zlib".split()
)


def grave(code: Code) -> list[tuple[str, str]]:
    """Return dotted names with their effects: programs started, brought code run, by an import."""
    modules = {name.split(".")[0] for name in code.imports}
    named = [
        (name, row.effect)
        for name, row in dangerous_names(code)
        if row.name != "*" and row.severity == "critical" and _is_standard(name)
    ]
    found = [(name, effect) for name, effect in named if effect == "process_exec"]
    brought = modules & _BRINGS
    if brought:
        found += [(name, effect) for name, effect in named if name in _RUNS_TEXT]
        if found and "network" not in {effect for _name, effect in found}:
            found += [(name, effect) for name, effect in named if effect == "network"]
    return found


def hostile_lines(code: Code) -> list[str]:
    """Return the texts in it that are commands which no honest program has."""
    return [text for text in code.constants if shell_traits(text)]


def _is_standard(name: str) -> bool:
    first = name.split(".")[0]
    return first == "builtins" or library_kind(first) == "stdlib"
