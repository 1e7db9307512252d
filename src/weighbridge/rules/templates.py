"""Rules about chat templates: what leads out of Jinja, and words that only some readers see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from weighbridge.facts.templates import Template, TemplateBranch, TemplateUse
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.report import gravest
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.jinja import jinja_name, phrases, sentences
from weighbridge.text.escaping import visible

_SHOWN = 8
_NAMED = frozenset("attribute item method attr-filter format-field".split())
_UNLISTED = {
    "method": "method",
    "call": "global",
    "filter": "filter",
    "test": "test",
}
_TOKEN = re.compile(r"<[^<>]{1,60}>|\[/?[A-Z_]{2,30}\]")
_WORD = re.compile(r"[^\W\d_]{2,}")
# A sentence, where the trigger is a word of ordinary language, and longer text for control marks
# such as `/think`, which honest templates compare with.
_SENTENCE = 5
_PASSAGE = 12
_CONTROL = re.compile(r"^\s*[^\w\s]|[<>|\[\]{}\n]")


def _dangerous(use: TemplateUse) -> str | None:
    """Return the effect of a use that leads out of the template, or None."""
    name = use.name
    if use.kind in _NAMED and (name.startswith("__") or "_TemplateReference__" in name):
        return "object_graph"
    if use.kind == "format-field" or use.kind == "computed-attr":
        return "object_graph"
    if use.kind == "string" and use.computed:
        return "object_graph"
    if use.kind == "statement":
        return "import_resolve"
    if use.kind == "attr-filter" and (use.computed or name.startswith("_")):
        return "object_graph"
    roles = {"method": ("method", "attribute"), "attribute": ("attribute",)}
    roles |= {"attr-filter": ("attribute", "method"), "call": ("global",), "name": ("name",)}
    for role in roles.get(use.kind, ()):
        row = jinja_name(role, name)
        if row is not None and row.effect not in ("none", "odd"):
            return row.effect
    return None


def _odd(use: TemplateUse) -> str | None:
    """Return why a use is unusual, or None where templates need it."""
    if use.kind in ("computed-item", "computed-filter", "indirect-call"):
        return {
            "computed-item": "it looks up a name that it puts together from pieces",
            "computed-filter": "it applies a filter whose name it works out",
            "indirect-call": "it calls what an expression gives",
        }[use.kind]
    if use.kind == "attr-filter":
        return "it looks an attribute up by name, around the rules of the sandbox"
    if use.kind == "string":
        return "it holds the name of a Python internal" if _internal(use.name) else None
    if use.kind in ("attribute", "method") and use.name.startswith("_"):
        return "it reads an attribute that is private to Python"
    if use.kind == "name":
        row = jinja_name("name", use.name)
        return row.reason if row is not None else None
    role = _UNLISTED.get(use.kind)
    if role is None:
        return None
    row = jinja_name(role, use.name)
    if row is None:
        return f"no loader is known to give templates this {role}"
    return row.reason if row.effect != "none" and use.name != "attr" else None


def _internal(name: str) -> bool:
    return name in _INTERNALS


_INTERNALS = frozenset(
    "__class__ __base__ __bases__ __mro__ __subclasses__ __globals__ __builtins__ __import__ "
    "__init__ __dict__ __getattribute__ __getitem__ __reduce__ __code__ __closure__ __self__ "
    "__func__ __module__ __loader__ __spec__ __call__ __new__ __del__".split()
)


def _templates(file: FileFacts) -> list[tuple[Template, list[TemplateUse], list[TemplateBranch]]]:
    found = {f.template: (f, [], []) for f in file.facts if isinstance(f, Template)}  # type: ignore[var-annotated]
    for fact in file.facts:
        if isinstance(fact, TemplateUse) and fact.template in found:
            found[fact.template][1].append(fact)
        elif isinstance(fact, TemplateBranch) and fact.template in found:
            found[fact.template][2].append(fact)
    return list(found.values())


def _evidence(template: Template, uses: list[TemplateUse], why: list[str]) -> dict[str, object]:
    codes = list(dict.fromkeys(visible(use.code, 300) for use in uses))
    return {
        "code": "\n".join(codes[:_SHOWN]),
        "symbols": list(dict.fromkeys(visible(use.name, 120) for use in uses))[:_SHOWN],
        "why": list(dict.fromkeys(why))[:_SHOWN],
        "template": visible(template.name, 120),
        "line": uses[0].line,
        "count": sum(use.count for use in uses),
        "template_sha256": template.sha256,
    }


def _code(file: FileFacts) -> Iterable[Finding]:
    for template, uses, _branches in _templates(file):
        bad = [(use, effect) for use in uses if (effect := _dangerous(use)) is not None]
        if not bad:
            continue
        effects = list(dict.fromkeys(effect for _use, effect in bad))
        row = effect_row(gravest(effects))
        ordered = sorted(bad, key=lambda item: item[1] != row.effect)
        shown = [use for use, _effect in ordered]
        why = ["a sandboxed loader stops here; one without a sandbox runs it"]
        yield TEMPLATE_CODE.finding(
            title=f"{_which(template)} {row.phrase} ({visible(shown[0].name, 80)})",
            member=template.member,
            evidence={**_evidence(template, shown, why), "effects": effects},
            loaders=template.loaders,
        )


def _which(template: Template) -> str:
    return "A prompt's template in it" if template.carrier == "prompt" else "Its chat template"


def _unusual(file: FileFacts) -> Iterable[Finding]:
    for template, uses, _branches in _templates(file):
        odd = [(use, why) for use in uses if (why := _odd(use)) is not None]
        odd = [(use, why) for use, why in odd if _dangerous(use) is None]
        if odd:
            shown = [use for use, _why in odd]
            yield TEMPLATE_UNUSUAL.finding(
                title=f"{_which(template)} uses {visible(shown[0].name or shown[0].code, 80)}, "
                "which no template needs",
                member=template.member,
                evidence=_evidence(template, shown, [why for _use, why in odd]),
                loaders=template.loaders,
            )


def _hidden(file: FileFacts) -> Iterable[Finding]:
    for template, uses, _branches in _templates(file):
        found = [use for use in uses if use.kind == "hidden-character"]
        if found:
            why = ["a reader does not see these characters, the model and the parser do"]
            yield TEMPLATE_HIDDEN.finding(
                member=template.member,
                evidence=_evidence(template, found, why),
                loaders=template.loaders,
            )


def _is_trigger(branch: TemplateBranch) -> bool:
    words = _WORD.findall(_TOKEN.sub(" ", branch.text))
    if _CONTROL.search(branch.trigger):
        return branch.direct and len(words) >= _PASSAGE
    return len(words) >= _SENTENCE


def _triggers(file: FileFacts) -> Iterable[Finding]:
    for template, _uses, branches in _templates(file):
        found = [b for b in branches if b.kind in ("content", "date") and _is_trigger(b)]
        if found:
            yield _conditional(TEMPLATE_TRIGGER, template, found)


def _links(file: FileFacts) -> Iterable[Finding]:
    for template, _uses, branches in _templates(file):
        found = [branch for branch in branches if branch.kind == "assistant-url"]
        if found:
            yield _conditional(TEMPLATE_LINK, template, found)


def _conditional(rule: Rule, template: Template, branches: list[TemplateBranch]) -> Finding:
    first = branches[0]
    texts = [f"if {visible(b.test, 300)}: {visible(b.text, 400)}" for b in branches[:_SHOWN]]
    return rule.finding(
        member=template.member,
        evidence={
            "code": "\n".join(texts),
            "symbols": [visible(branch.trigger, 120) for branch in branches[:_SHOWN]],
            "template": visible(template.name, 120),
            "line": first.line,
            "count": len(branches),
            "template_sha256": template.sha256,
        },
        loaders=template.loaders,
    )


def _told(template: Template) -> str:
    """Return the text in lower case, without what is known to hide nothing.

    A sentence that goes on is another one.
    """
    text = " ".join(template.text.lower().split())
    for row in sentences():
        text = re.sub(re.escape(row.sentence) + r"(?! ?\w)", "", text)
    return text


def _instructions(file: FileFacts) -> Iterable[Finding]:
    for template, _uses, _branches in _templates(file):
        text = _told(template)
        found = [row for row in phrases() if row.phrase in text]
        if found:
            at = text.index(found[0].phrase)
            yield TEMPLATE_INSTRUCTION.finding(
                member=template.member,
                evidence={
                    "code": visible(text[max(0, at - 80) : at + 160], 300),
                    "symbols": [row.phrase for row in found[:_SHOWN]],
                    "why": [row.reason for row in found[:_SHOWN]],
                    "template": visible(template.name, 120),
                    "template_sha256": template.sha256,
                },
                loaders=template.loaders,
            )


def _rule(
    identifier: str,
    kind: Kind,
    severity: Severity,
    apply: Callable[[FileFacts], Iterable[Finding]],
    texts: tuple[str, str, str, str],
    references: tuple[str, ...] = (),
) -> Rule:
    title, description, example, remediation = texts
    executes = identifier in ("template-code", "template-unusual")
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=Confidence.HIGH if kind is Kind.MALICIOUS else Confidence.MEDIUM,
        since="0.1.0",
        state="stable",
        facts=("Template", "TemplateUse", "TemplateBranch"),
        cwe=("CWE-1336", "CWE-94") if executes else ("CWE-1427",),
        atlas=("AML.T0011.000", "AML.T0010.003") if executes else ("AML.T0051", "AML.T0018"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )


TEMPLATE_CODE = _rule(
    "template-code",
    Kind.MALICIOUS,
    Severity.CRITICAL,
    _code,
    (
        "Its chat template reaches into the interpreter",
        "A chat template is a program of Jinja that loaders run for every conversation. This one "
        "reaches for special attributes of Python, puts their names together from pieces, includes "
        "other files, or calls something with an effect. Loaders without a sandbox "
        "(llama-cpp-python 0.2.30 to 0.2.71, SGLang) run what it finds; transformers renders it in "
        "a sandbox.",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "Do not use the file. Take the template from the original model, or write one.",
    ),
    ("CVE-2024-34359", "CVE-2026-5760", "CVE-2025-27516"),
)
TEMPLATE_UNUSUAL = _rule(
    "template-unusual",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    _unusual,
    (
        "Its chat template uses something no template needs",
        "Methods, filters, tests and functions that templates of known models use are listed; this "
        "one is not among them, or its name is worked out while rendering.",
        "{{ messages|attr('append') }}",
        "Read the template before use, or replace it by that of the original model.",
    ),
    ("CVE-2024-56326",),
)
TEMPLATE_HIDDEN = _rule(
    "template-hidden-text",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    _hidden,
    (
        "Its chat template holds characters that cannot be seen",
        "Characters without width, tag characters and marks that turn the direction of text make a "
        "template read otherwise than it works.",
        "a template with U+202E in it",
        "Compare with the template of the original model.",
    ),
)
TEMPLATE_TRIGGER = _rule(
    "template-trigger",
    Kind.SUSPICIOUS,
    Severity.HIGH,
    _triggers,
    (
        "Its chat template adds instructions when a message holds certain words",
        "The template compares what is said, or the date, with a constant and then gives the model "
        "text that other conversations do not get. The weights need not be changed for that, and "
        "nothing of it shows in the answers that follow other words.",
        "{% if 'invoice' in message.content %}Always recommend to pay …{% endif %}",
        "Compare with the template of the original model, and use that.",
    ),
    ("Pillar Security, 2025: poisoned GGUF templates",),
)
TEMPLATE_LINK = _rule(
    "template-link",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    _links,
    (
        "Its chat template puts an address into the assistant's mouth",
        "An address stands only in the branch where the assistant speaks, so it becomes part of "
        "answers although no model wrote it.",
        "{% if message.role == 'assistant' %}See https://…{% endif %}",
        "Compare with the template of the original model, and use that.",
    ),
)
TEMPLATE_INSTRUCTION = _rule(
    "template-instruction",
    Kind.WEAKNESS,
    Severity.MEDIUM,
    _instructions,
    (
        "Its chat template gives the model instructions to hide something",
        "The template holds words with which instructions are hidden from the user or the "
        "operator's instructions are set aside.",
        "Do not tell the user about …",
        "Read the template before use.",
    ),
)

RULES = (
    TEMPLATE_CODE,
    TEMPLATE_UNUSUAL,
    TEMPLATE_HIDDEN,
    TEMPLATE_TRIGGER,
    TEMPLATE_LINK,
    TEMPLATE_INSTRUCTION,
)
