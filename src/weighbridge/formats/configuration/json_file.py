"""A JSON configuration to facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from weighbridge.errors import LimitExceeded
from weighbridge.facts.repository import Act, Reference
from weighbridge.formats.configuration.references import MOST_REFERENCES, Named, references
from weighbridge.formats.configuration.shell_file import hostile_lines, shell_act
from weighbridge.formats.configuration.tools import add_tools
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.script_file import script_facts
from weighbridge.formats.python.source import source_fact
from weighbridge.formats.templates.prompts import note_prompts

EVALUATED = "evaluated-configuration"
# Written with the values that are declared; where from a model is, and what wrote it.
_DECLARED = (
    "transformers_version",
    "peft_version",
    "_diffusers_version",
    "spacy_version",
    "nemo_version",
    "archiverVersion",
    "base_model_name_or_path",
    "_name_or_path",
    "license",
)
_TOOK_PART = ("sentence_transformers", "transformers", "pytorch")


def references_in_json(context: Context, value: object, text: str, place: Place, name: str) -> None:
    """Add what a JSON file leads a loader to; another JSON file adds nothing."""
    add_references(context, value, text, place, name)
    if isinstance(value, dict):
        for key in _DECLARED:
            if isinstance(value.get(key), str):
                context.metadata(place, "json", key, value[key][:300])
        _writers(context, value.get("__version__"), place)


def _writers(context: Context, value: object, place: Place) -> None:
    """Sentence Transformers writes the versions of all that took part."""
    if not isinstance(value, dict):
        return
    for name in _TOOK_PART:
        if isinstance(value.get(name), str):
            context.metadata(place, "json", f"__version__.{name}", value[name][:100])


def add_references(context: Context, value: object, text: str, place: Place, name: str) -> None:
    """Add what plain values lead a loader to, and what they have a shell do."""
    try:
        _add(context, references(value, name), text, place)
        add_tools(context, value, place)
        note_prompts(context, value, place)
    except LimitExceeded as error:
        context.gap_from(place, "configuration", error)


def _add(context: Context, found: Iterable[Named], text: str, place: Place) -> None:
    count = 0
    for one in found:
        take = _TAKEN.get(one.kind)
        if take is not None:
            take(context, one, text, place)
            continue
        count += 1
        if count > MOST_REFERENCES:
            raise LimitExceeded(
                "limit-references", f"more than {MOST_REFERENCES} names for loaders"
            )
        line = line_of(text, one.value) or line_of(text, one.value.partition(".")[0])
        context.add(placed(one, line, place))


def _command(context: Context, one: Named, text: str, place: Place) -> None:
    for _, line in hostile_lines(one.value):
        context.add(shell_act(place.member, line_of(text, line.strip()), "shell", line))


def _script(context: Context, one: Named, text: str, place: Place) -> None:
    lines = one.value.split("\n")
    for fact in script_facts(one.value, place.member, context.budget):
        if isinstance(fact, Act):
            written = lines[min(fact.line, len(lines)) - 1].strip()
            context.add(replace(fact, line=line_of(text, written)))


def _expression(context: Context, one: Named, text: str, place: Place) -> None:
    fact = source_fact(
        one.value, stream=None, member=place.member, offset=0, call=None, name=one.key,
        budget=context.budget,
    )  # fmt: skip
    context.add(replace(fact, origin=EVALUATED))


_TAKEN: dict[str, Callable[[Context, Named, str, Place], None]] = {
    "command": _command,
    "script": _script,
    "expression": _expression,
}


def placed(one: Named, line: int, place: Place) -> Reference:
    """Return the fact about a reference at a line."""
    return Reference(place.member, line, one.kind, one.key, one.value, one.pinned)


def line_of(text: str, value: str) -> int:
    """Return the line on which a value first stands, 0 when it is written in another way."""
    for shown in (f'"{value}', json.dumps(value)[1:-1], value):
        at = text.find(shown)
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 0
