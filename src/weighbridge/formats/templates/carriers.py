"""Where chat templates lie: in JSON and YAML under their keys, and in ``.jinja`` files.

All are recognised by what is in them. transformers reads ``chat_template`` of
``tokenizer_config.json``, ``processor_config.json`` and ``chat_template.json`` (text, a list of
``{"name", "template"}`` or a map), ``chat_template.jinja`` and ``additional_chat_templates/*``.
text-generation-webui renders ``instruction_template`` of ``instruction-templates/*.yaml``, axolotl
``chat_template_jinja`` of its configuration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import yaml

from weighbridge.containers.paths import judge_name
from weighbridge.facts.templates import TemplateUse
from weighbridge.formats.context import Context, Place
from weighbridge.formats.templates.examining import NAME as NAME
from weighbridge.formats.templates.examining import examine_template
from weighbridge.formats.templates.parsing import LIMIT
from weighbridge.sources.base import Source
from weighbridge.text.decoding import text_of

_KEY = "chat_template"
_YAML_KEYS = frozenset({_KEY, "chat_template_jinja", "instruction_template"})
_YAML_NODES = 60_000
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
    _examine(context, place, [item for value in found for item in _named(value)], "json")


def templates_in_yaml(context: Context, text: str, place: Place) -> None:
    """Examine every chat template of a YAML text; another text adds nothing."""
    if not any(key in text for key in _YAML_KEYS):
        return
    found: list[object] = []
    try:
        for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
            found.extend(_values_of_keys(document))
    except (yaml.YAMLError, ValueError, RecursionError):
        pass  # nothing loads the document that breaks off; those before it stand
    # Most files give the name of a template that the reader has, such as `chatml`.
    templates = [item for value in found for item in _named(value) if _TAGS.search(item[1])]
    _examine(context, place, templates, "yaml")


def _values_of_keys(document: yaml.Node | None) -> Iterator[object]:
    """Yield what stands under the keys, as plain values; a node with two aliases is read once."""
    pending: list[yaml.Node | None] = [document]
    seen: set[int] = set()
    while pending and len(seen) < _YAML_NODES:
        node = pending.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in _YAML_KEYS:
                    yield _plain(value)
                pending.append(value)


def _plain(node: yaml.Node) -> object:
    """Return text, a map of texts, or a list of such maps; other values are no templates."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value if isinstance(item, yaml.MappingNode)]
    if isinstance(node, yaml.MappingNode):
        pairs = [pair for pair in node.value if all(isinstance(n, yaml.ScalarNode) for n in pair)]
        return {key.value: value.value for key, value in pairs}
    return node.value


def _examine(
    context: Context, place: Place, templates: list[tuple[str, str]], carrier: str
) -> None:
    for name, text in templates[:_TEMPLATES]:
        _name(context, place, name)
        inner = place.inside(_KEY if name == "default" else f"{_KEY}.{name[:80]}")
        examine_template(context, text, inner, carrier, name)
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


def add_attacks(context: Context, text: str, place: Place, carrier: str) -> None:
    """Add what attacks the engine in a template that is no chat's; any other adds nothing."""
    before = len(context.facts)
    examine_template(context, text, place, carrier)
    if not any(_reaches(fact) for fact in context.facts[before:]):
        del context.facts[before:]


def _reaches(fact: object) -> bool:
    """Say whether a fact shows what only an attack on the template engine has."""
    if not isinstance(fact, TemplateUse):
        return False
    if fact.kind == "string":
        return fact.computed
    named = fact.kind in ("attribute", "item", "method", "attr-filter", "format-field")
    return fact.kind == "computed-attr" or (named and fact.name.startswith("__"))
