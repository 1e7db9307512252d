"""Where chat templates lie in a repository: JSON files with ``chat_template``, ``.jinja`` files.

Both are recognised by what is in them. transformers reads ``chat_template`` of
``tokenizer_config.json``, ``processor_config.json`` and ``chat_template.json`` (text, a list of
``{"name", "template"}`` or a map), ``chat_template.jinja`` and ``additional_chat_templates/*``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from weighbridge.containers.paths import judge_name
from weighbridge.facts.templates import TemplateUse
from weighbridge.formats.context import Context, Place
from weighbridge.formats.templates.examining import NAME as NAME
from weighbridge.formats.templates.examining import examine_template
from weighbridge.formats.templates.parsing import LIMIT
from weighbridge.sources.base import Source
from weighbridge.text.decoding import text_of

_KEY = "chat_template"
_JSON_LIMIT = 64 << 20
# A key can be written with escapes, so smaller files are parsed whether they show it or not.
_ALWAYS_PARSED = 2 << 20
_TEMPLATES = 100
_TAGS = re.compile(r"\{[%{#]")
_LOOP = re.compile(r"\{%[-+]?\s*for\s+\w+\s+in\s+(?:loop_)?messages\b")
_CHAT = re.compile(r"\bmessages\b")
_PARTS = re.compile(r"\b(?:role|content|bos_token|eos_token|add_generation_prompt)\b")
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|ul|li|form|script|link|style)\b", re.I)


def templates_in_json(context: Context, source: Source, place: Place) -> None:
    """Examine every chat template of a JSON file; another JSON file adds nothing."""
    if source.size > _JSON_LIMIT:
        return
    data = source.read_at(0, source.size)
    if source.size > _ALWAYS_PARSED and _KEY.encode() not in data:
        return
    found: list[object] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        # Readers differ in which of two equal keys counts, so each is kept.
        found.extend(value for key, value in items if key == _KEY)
        return dict(items)

    try:
        json.loads(text_of(source, _JSON_LIMIT) or "null", object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        if _KEY.encode() in data:
            text = "it names a chat template, but is no JSON that can be read"
            context.gap(place, NAME, "malformed-json", text)
        return
    templates = [item for value in found for item in _named(value)]
    for name, text in templates[:_TEMPLATES]:
        _name(context, place, name)
        inner = place.inside(_KEY if name == "default" else f"{_KEY}.{name[:80]}")
        examine_template(context, text, inner, "json", name)
    if len(templates) > _TEMPLATES:
        text = f"it has {len(templates)} chat templates; {_TEMPLATES} were examined"
        context.gap(place, NAME, "limit-templates", text)


def _named(value: object) -> Iterator[tuple[str, str]]:
    """Yield name and text of each template that a value of ``chat_template`` holds."""
    if isinstance(value, str):
        yield "default", value
    elif isinstance(value, dict):
        for name, text in value.items():
            if isinstance(text, str):
                yield name, text
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and isinstance(item.get("template"), str):
                yield str(item.get("name")), item["template"]


def _name(context: Context, place: Place, name: str) -> None:
    """Judge a name, which transformers joins to a folder when it saves (CVE-2026-9856)."""
    fault = judge_name(name)
    escapes = fault is not None and fault.code == "archive-name-escape"
    if escapes or "/" in name or "\\" in name:
        text = f"a chat template has the name {name[:120]!r}, which leads out of its folder"
        context.anomaly(place, NAME, "template-name-escape", text)


def parse_jinja(context: Context, source: Source, place: Place) -> bool:
    """Examine text that is a chat template; returns False for any other text."""
    if source.size > 4 * LIMIT:
        return False
    text = text_of(source, 4 * LIMIT)
    if text is None or not _could_be(text):
        return False
    before = len(context.facts)
    context.format(place, NAME, source.size)
    parsed = examine_template(context, text, place, "jinja-file")
    added = context.facts[before:]
    loops = _LOOP.search(text) is not None and _is_chat(text)
    if loops or (parsed and (_is_chat(text) or any(_reaches(fact) for fact in added))):
        return True
    # Other documents use the same braces: prompts, pages, Go's templates, Mustache, LaTeX.
    del context.facts[before:]
    return False


def _could_be(text: str) -> bool:
    """Say whether text can be a chat template rather than a document that shows one."""
    start = text.lstrip("\ufeff \t\r\n")
    if _TAGS.match(start):
        return True
    if start[:1] in ("#", "<", "{", "[", "-") and not start.startswith(("<|", "[INST", "<s>")):
        return False
    return _LOOP.search(text) is not None and _is_chat(text) and "```" not in text


def _is_chat(text: str) -> bool:
    chat = _CHAT.search(text) is not None and _PARTS.search(text) is not None
    return chat and _MARKUP.search(text) is None


def _reaches(fact: object) -> bool:
    """Say whether a fact shows what only an attack on the template engine has."""
    if not isinstance(fact, TemplateUse):
        return False
    if fact.kind == "string":
        return fact.computed
    named = fact.kind in ("attribute", "item", "method", "attr-filter", "format-field")
    return fact.kind == "computed-attr" or (named and fact.name.startswith("__"))
