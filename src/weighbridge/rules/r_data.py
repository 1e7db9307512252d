"""Rules about objects that R saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weighbridge.facts.graphs import Operator
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.r_functions import RFunction, r_function
from weighbridge.text.escaping import visible

_LOADERS = ("readRDS (R < 4.4.0)", "load (R < 4.4.0)")
_CALLED = ("R: calling the saved function",)
_SHOWN = 8


def _known(file: FileFacts, where: str) -> Iterator[tuple[Operator, RFunction]]:
    for fact in file.of(Operator):
        if isinstance(fact, Operator) and fact.format == "r-data" and fact.where == where:
            row = r_function(fact.name)
            if row is not None:
                yield fact, row


def _code(fact: Operator) -> str:
    given = ", ".join(repr(text) for _at, text in fact.arguments)
    return f"{fact.name}({given}{'' if fact.resolved else ', …' if given else '…'})"


def _evidence(found: list[tuple[Operator, RFunction]]) -> dict[str, object]:
    return {
        "code": visible("\n".join(_code(fact) for fact, _row in found[:_SHOWN]), 1200),
        "symbols": [visible(fact.name, 80) for fact, _row in found[:_SHOWN]],
        "effects": sorted({row.effect for _fact, row in found}),
        "why": list(dict.fromkeys(row.reason for _fact, row in found))[:_SHOWN],
        "count": sum(fact.count for fact, _row in found),
    }


def _promise(file: FileFacts) -> Iterable[Finding]:
    """All promises of a file have one cause, and the gravest of what they do names it."""
    found = sorted(_known(file, "promise"), key=lambda pair: pair[1].judge)
    if found:
        fact, row = found[0]
        phrase = effect_row(row.effect).phrase
        yield R_PROMISE.finding(
            title=f"Touching the loaded object {phrase} ({visible(fact.name, 80)})",
            member=fact.member,
            offset=fact.offset,
            evidence=_evidence(found),
            loaders=_LOADERS,
        )


def _carried(file: FileFacts) -> Iterable[Finding]:
    found = [(fact, row) for fact, row in _known(file, "code") if row.judge == "always"]
    if found:
        fact, row = found[0]
        phrase = effect_row(row.effect).phrase
        yield R_FUNCTION.finding(
            title=f"It carries a function of R that {phrase} ({visible(fact.name, 80)})",
            member=fact.member,
            offset=fact.offset,
            evidence=_evidence(found),
            loaders=_CALLED,
        )


def _rule(
    identifier: str,
    kind: Kind,
    severity: Severity,
    confidence: Confidence,
    apply: object,
    texts: tuple[str, str, str, str],
    references: tuple[str, ...],
) -> Rule:
    title, description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=confidence,
        since="0.1.0",
        state="stable",
        facts=("Operator",),
        cwe=("CWE-502", "CWE-94"),
        atlas=("AML.T0011.000", "AML.T0018.002"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,  # type: ignore[arg-type]
    )


R_PROMISE = _rule(
    "r-promise",
    Kind.MALICIOUS,
    Severity.CRITICAL,
    Confidence.HIGH,
    _promise,
    (
        "Touching the loaded object of R runs a command",
        "A promise without a value evaluates its expression as soon as the object is touched, in "
        "R before 4.4.0 also when it comes out of a file. This one calls a function with an effect "
        "outside the session.",
        'a promise with the expression system("…")',
        "Do not load the file. Use R 4.4.0 or later.",
    ),
    ("CVE-2024-27322",),
)
R_FUNCTION = _rule(
    "r-function",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    Confidence.MEDIUM,
    _carried,
    (
        "It carries a function of R that starts commands or opens connections",
        "Saved objects of R often hold functions. One that starts a command, opens a connection "
        "or loads a shared library is unusual; it runs when somebody calls it, and methods such as "
        "print are called without being named.",
        'a saved closure whose body is system("…")',
        "Read the function's body before anything is called.",
    ),
    (),
)

RULES = (R_PROMISE, R_FUNCTION)
