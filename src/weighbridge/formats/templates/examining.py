"""One template to facts: the template, what it uses, and what it says under conditions."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter

from weighbridge.errors import ParseError
from weighbridge.facts.templates import Template, TemplateBranch, TemplateUse
from weighbridge.formats.context import Context, Place
from weighbridge.formats.templates.branches import Branch, Branches
from weighbridge.formats.templates.constants import Constants
from weighbridge.formats.templates.parsing import parse
from weighbridge.formats.templates.reading import Reader, Use
from weighbridge.text.secrets import mask

NAME = "jinja-template"
KEPT = 16_000
GGUF_LOADERS = (
    "llama_cpp.Llama.create_chat_completion",
    "sglang.launch_server",
    "vllm.LLM.chat",
)
REPOSITORY_LOADERS = (
    "transformers.AutoTokenizer.apply_chat_template",
    "sglang.launch_server",
    "vllm.LLM.chat",
)
YAML_LOADERS = ("text-generation-webui", "axolotl")
PROMPT_LOADERS = (
    "langchain_core.prompts.load_prompt",
    "lm_eval.simple_evaluate",
    "promptflow.core.Prompty.load",
)
_LOADERS = {"gguf": GGUF_LOADERS, "yaml": YAML_LOADERS, "prompt": PROMPT_LOADERS}
# Marks that turn the direction of text, tags that are never seen, and what has no width.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NO_WIDTH = frozenset("\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u180e")
# These join or separate letters of some scripts, and mark direction beside such letters.
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")


def examine_template(
    context: Context, text: str, place: Place, carrier: str, name: str = "default"
) -> bool:
    """Add the facts about one template; returns whether Jinja could parse it."""
    text = text.removeprefix("\ufeff")
    number = context.stream_number()
    uses: list[TemplateUse] = _hidden(text, number, place)
    branches: list[TemplateBranch] = []
    error: ParseError | None = None
    complete = False
    try:
        tree = parse(text)
        constants = Constants(tree)
        reader = Reader(tree, constants)
        reader.read()
        found = Branches(tree, constants)
        found.read()
        uses += [_use(number, place, item) for item in reader.uses.values()]
        branches = [_branch(number, place, item) for item in found.found]
        complete = reader.complete and not constants.exhausted
    except ParseError as problem:
        error = problem
    _keep(context, number, place, text, (carrier, name), complete)
    context.facts.extend((*uses, *branches))
    if error is not None:
        context.gap_from(place, NAME, error)
    elif not complete:
        missed = "the template uses more names than are followed"
        context.gap(place, NAME, "limit-template-uses", missed)
    return error is None


def _keep(
    context: Context,
    number: int,
    place: Place,
    text: str,
    carried: tuple[str, str],
    complete: bool,
) -> None:
    carrier, name = carried
    context.add(
        Template(
            template=number,
            member=place.member,
            carrier=carrier,
            name=name[:200],
            size=len(text),
            sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            complete=complete,
            text=_clean(text, KEPT),
            loaders=_LOADERS.get(carrier, REPOSITORY_LOADERS),
        )
    )


def _use(number: int, place: Place, item: Use) -> TemplateUse:
    return TemplateUse(
        number,
        place.member,
        item.line,
        item.kind,
        _clean(item.name, 300),
        _clean(item.code, 400),
        _clean(item.root, 100),
        item.computed,
        item.count,
    )


def _branch(number: int, place: Place, item: Branch) -> TemplateBranch:
    return TemplateBranch(
        number,
        place.member,
        item.line,
        item.kind,
        _clean(item.trigger, 300),
        _clean(item.test, 400),
        _clean(item.text, 2000),
        item.direct,
    )


def _clean(text: str, limit: int) -> str:
    """Return text fit for a fact: bounded, credentials masked, nothing that UTF-8 lacks."""
    return mask(text[:limit].encode("utf-8", "replace").decode("utf-8"))


def _hidden(text: str, number: int, place: Place) -> list[TemplateUse]:
    """Note characters that are in the text and not to be seen."""
    if text.isascii():
        return []
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    for at, char in enumerate(text):
        if char > "\x7f" and _is_hidden(text, at, char):
            key = f"U+{ord(char):04X}"
            counts[key] += 1
            first.setdefault(key, at)
    found = []
    for key, count in list(counts.items())[:50]:
        at = first[key]
        around = text[max(0, at - 40) : at + 40]
        line = text.count("\n", 0, at) + 1
        code = _clean(around, 100)
        use = TemplateUse(
            number, place.member, line, "hidden-character", key, code, "", False, count
        )
        found.append(use)
    return found


def _is_hidden(text: str, at: int, char: str) -> bool:
    if char in _DIRECTION or char in _NO_WIDTH or 0xE0000 <= ord(char) <= 0xE007F:
        return True
    if char not in _JOINERS:
        return False
    around = text[max(0, at - 2) : at] + text[at + 1 : at + 3]
    return not any(ord(c) > 0x2FF and unicodedata.category(c)[0] in "LSM" for c in around)


def reaches(fact: object) -> bool:
    """Say whether a fact shows what only an attack on the template engine has."""
    if not isinstance(fact, TemplateUse):
        return False
    if fact.kind == "string":
        return fact.computed
    named = fact.kind in ("attribute", "item", "method", "attr-filter", "format-field")
    return fact.kind == "computed-attr" or (named and fact.name.startswith("__"))
