"""Templates of prompts in configurations, which other loaders than those of chats render.

LangChain renders `template` with Jinja where `template_format` says so: outside of a sandbox before
CVE-2023-36281 was mended, and refuses it in files since. lm-eval renders `doc_to_text` and its kin
with a plain environment (lm_eval/utils.py, `apply_template`), promptsource `jinja`, promptflow the
text behind the head of a `.prompty`. Most such texts have braces of another kind, or of Jinja for
good reason; they are told only where they reach into the interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.formats.configuration.references import mappings
from weighbridge.formats.context import Context, Place
from weighbridge.formats.templates.examining import examine_template, reaches

ENDING = ".prompty"
_KEYS = frozenset(
    "template prompt_template system_template human_template user_template jinja jinja_template "
    "doc_to_text doc_to_target doc_to_choice doc_to_decontamination_query".split()
)
# What stands there is examined in full (`carriers`).
_OF_CHATS = frozenset({"chat_template", "chat_template_jinja", "instruction_template"})
# Of a few-shot prompt these are rendered as well, by the format that stands beside them.
_BESIDE_A_FORMAT = frozenset({"prefix", "suffix"})
_TAGS = re.compile(r"\{[%{]")
# Without one of these no template reaches anything.
_TELLING = re.compile(r"__|\|\s*attr\b|attribute|\\x|\\u|\.format\b|\[")
_MOST = 200


def note_prompts(context: Context, value: object, place: Place) -> None:
    """Add the facts about templates under their keys that reach into the interpreter.

    Raises:
        LimitExceeded: there are more objects than are looked at.
    """
    for count, (key, text) in enumerate(_texts(value)):
        if count == _MOST:
            why = f"more than {_MOST} templates of prompts"
            context.gap(place, "jinja-template", "limit-templates", why)
            return
        note_prompt(context, text, place, key)


def note_prompt(context: Context, text: str, place: Place, key: str = "") -> None:
    """Add the facts about one template, where it reaches into the interpreter."""
    before = len(context.facts)
    inner = place.inside(key[:80]) if key else place
    examine_template(context, text, inner, "prompt", key or "default")
    if not any(reaches(fact) for fact in context.facts[before:]):
        del context.facts[before:]


def _texts(value: object) -> Iterator[tuple[str, str]]:
    for owner in mappings(value, apart=_OF_CHATS):
        formatted = owner.get("template_format") == "jinja2"
        for key, inner in owner.items():
            named = key in _KEYS or formatted and key in _BESIDE_A_FORMAT
            for text in (inner if isinstance(inner, list) else [inner]) if named else ():
                if isinstance(text, str) and _TAGS.search(text) and _TELLING.search(text):
                    yield str(key), text
