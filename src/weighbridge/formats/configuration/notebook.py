"""Jupyter notebooks: JSON with ``nbformat`` and ``cells`` (nbformat 4, documentation of Jupyter).

Nothing runs when one is opened. Its code cells are read as one Python text in order; lines for a
shell (``!``, ``%%bash``, ``x = !ls``, ``get_ipython().system(...)``) are looked at like lines of a
shell script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from weighbridge.facts.repository import Act, ModelUse
from weighbridge.formats.configuration.notebook_pages import FromPage, from_pages
from weighbridge.formats.configuration.shell_file import hostile_lines, shell_act
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt
from weighbridge.formats.python.parsing import parse
from weighbridge.formats.python.script_file import script_facts

NAME = "notebook"
_MOST_CELLS = 2000
# Each line that is not found costs a pass over the rest of the file.
_MOST_MISSES = 200
_MOST_TOKENS = 60_000
_ASSIGNED = re.compile(r"([\s\w.,*\[\]'\"]+=\s*)(?:!|%(?:system|sx)\s)\s*(\S.*)")
_RUN_METHOD = re.compile(
    r"get_ipython\(\)\s*\.\s*(?:system|system_raw|system_piped|getoutput)\(\s*[rfb]?"
    r"(?P<quote>['\"]+)(?P<command>[^\n]{0,2000}?)(?P=quote)"
)
_WRITEFILE = re.compile(r"%%(?:writefile|file)\s+(?:-a\s+)?['\"]?([^'\"\s]+)")
_SHELLS = ("%%bash", "%%sh", "%%script", "%%!", "%%system")


def is_notebook(value: object) -> bool:
    """Say whether a JSON value is a notebook."""
    return isinstance(value, dict) and "nbformat" in value and isinstance(value.get("cells"), list)


def read_notebook(context: Context, value: object, raw: str, place: Place) -> None:
    """Add the facts about the code of a notebook; lines are those of the file."""
    places = _Places(raw)
    python: list[str] = []
    origins: list[int] = []
    for source in _cells(value):
        lines = source.split("\n")
        numbers = [places.line(line) for line in lines]
        if source.lstrip().startswith(_SHELLS):
            for number, line in hostile_lines("\n".join(lines[1:])):
                at = numbers[min(number, len(numbers) - 1)]
                context.add(shell_act(place.member, at, NAME, line))
            continue
        body = _python_of(context, source, numbers, place)
        python += body
        origins += numbers[: len(body)]
    for fact in script_facts("\n".join(python), place.member, context.budget, NAME):
        if isinstance(fact, Act | ModelUse):
            fact = replace(fact, line=origins[min(fact.line, len(origins)) - 1])
        context.add(fact)
    for one in from_pages(value):
        _add_from_page(context, one, places, place)


def _add_from_page(context: Context, one: FromPage, places: _Places, place: Place) -> None:
    """Add what a page has done, at the line of the file where that stands."""
    line = places.of(one.text)
    if one.kind == "python":
        for fact in script_facts(one.text, place.member, context.budget, NAME):
            if isinstance(fact, Act):
                context.add(replace(fact, line=line))
        return
    if one.kind == "shell":
        context.add(shell_act(place.member, line, NAME, one.text))
        return
    shown = excerpt(one.text.strip(), 400)
    traits = ("decoded",)
    context.add(
        Act(place.member, line, NAME, "exec", "eval", "main", "", shown, (shown,), traits, True)
    )


def _python_of(context: Context, source: str, numbers: list[int], place: Place) -> list[str]:
    """Return a cell as lines of Python; what it has a shell do becomes facts at once."""
    python: list[str] = []
    for line, number in zip(source.split("\n"), numbers, strict=True):
        for command in _commands(line):
            for _, hostile in hostile_lines(command):
                context.add(shell_act(place.member, number, NAME, hostile))
        assigned = _ASSIGNED.fullmatch(line)
        line = f"{assigned[1]}None" if assigned is not None else line
        stripped = line.lstrip()
        if stripped.startswith(("!", "%", "?")):
            line = line[: len(line) - len(stripped)] + "pass"
        python.append(line)
    written = _WRITEFILE.match(source)
    if source.startswith("%%") and parse("\n".join(python), _MOST_TOKENS) is None:
        # HTML, SQL, a shell's words in a file to be written: they would spoil the other cells.
        del python[1:]
    if written is not None:
        python[0] = f"import os; open(os.path.expanduser({written[1][:300]!r}), 'w')"
    return python


def _commands(line: str) -> Iterator[str]:
    """Yield what a line of Python hands to a shell by the means of IPython."""
    assigned = _ASSIGNED.fullmatch(line)
    if assigned is not None:
        yield assigned[2]
    stripped = line.lstrip()
    if stripped.startswith(("!", "%", "?")):
        yield stripped.lstrip("!%").removeprefix("system ")
    for match in _RUN_METHOD.finditer(line):
        yield match["command"]


def _cells(value: object) -> Iterator[str]:
    cells = value.get("cells") if isinstance(value, dict) else None
    for cell in (cells if isinstance(cells, list) else [])[:_MOST_CELLS]:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if isinstance(source, str):
            yield source


class _Places:
    """Finds the lines of the file that lines of cells stand on, going forward."""

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._at = 0
        self._line = 1
        self._misses = 0

    def line(self, text: str) -> int:
        """Return the number of the line of the file; the last one found when there is none."""
        if text.strip() and self._misses < _MOST_MISSES:
            found = self._raw.find(json.dumps(text)[1:-1], self._at)
            if found < 0:
                found = self._raw.find(json.dumps(text, ensure_ascii=False)[1:-1], self._at)
            if found >= 0:
                self._line += self._raw.count("\n", self._at, found)
                self._at = found
            else:
                self._misses += 1
        return self._line

    def of(self, text: str) -> int:
        """Return the line of the file on which the first line of a text in a page stands, or 1."""
        first = next((line.strip() for line in text.split("\n") if line.strip()), "")[:60]
        at = self._raw.find(json.dumps(first)[1:-1]) if first else -1
        return self._raw.count("\n", 0, at) + 1 if at >= 0 else 1
