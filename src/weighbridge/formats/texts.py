"""Texts beside the weights, told apart by name and by what is in them.

Which loader reads a text goes by its name: Python imports ``.py``, transformers reads
``config.json``. A name never hides anything: text that is Python by its content is read as such,
whatever it is called.
"""

from __future__ import annotations

import re
from posixpath import basename

from weighbridge.formats.configuration.json_file import references_in_json
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.parsing import parse
from weighbridge.formats.python.script_file import script_facts
from weighbridge.sources.base import Source
from weighbridge.text.decoding import text_of

_LIMIT = 4 << 20
_GUESSED = 256 << 10
_PYTHON_NAMES = (".py", ".pyw", ".pyi", ".pyx")
_SHEBANG = re.compile(r"#![^\n]{0,80}\bpython")
_PYTHON = re.compile(r"^(?:import\s+\w|from\s+[\w.]+\s+import\s|def\s+\w+\s*\(|class\s+\w+)", re.M)
_PROSE = (".md", ".rst", ".csv", ".tsv", ".html", ".tex", ".bib", ".json", ".yaml", ".yml", ".toml")


def own_name(context: Context, place: Place) -> str:
    """Return the name of what is examined, without folders; empty when it has none."""
    member = place.member
    name = context.name if member is None else member.rpartition("!")[2]
    return basename(name).lower()


def read_text(context: Context, source: Source, place: Place, kind: str) -> str:
    """Add the facts about a text; returns its kind, more exactly where one is known.

    Args:
        context: where facts go.
        source: the text.
        place: where it stands.
        kind: `json` or `text`.
    """
    name = own_name(context, place)
    if kind == "json":
        references_in_json(context, source, place, name)
        return kind
    text = text_of(source, _LIMIT)
    if text is None:
        return kind
    text = text.removeprefix("\ufeff")
    if name.endswith(_PYTHON_NAMES) or _is_python(text, name):
        for fact in script_facts(text, place.member, context.budget):
            context.add(fact)
        return "python"
    return kind


def _is_python(text: str, name: str) -> bool:
    if _SHEBANG.match(text):
        return True
    if len(text) > _GUESSED or name.endswith(_PROSE) or _PYTHON.search(text) is None:
        return False
    return parse(text) is not None
