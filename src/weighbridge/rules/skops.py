"""Rules about what the nodes of a skops schema name."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.pickles import Import
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.symbols import Judgement, Standing, judge_name
from weighbridge.tables.effects import effect as effect_row

# An OperatorFuncNode calls what it names; only these modules hold operators (CVE-2025-54412).
_OPERATORS = frozenset({"operator", "_operator"})
_LOADERS = ("skops.io.load(trusted=[...])",)


def _nodes(file: FileFacts) -> list[Import]:
    return [f for f in file.facts if isinstance(f, Import) and f.stream == 0]


def _standing(fact: Import) -> Judgement:
    judgement = judge_name(fact.module, fact.name, True)
    if fact.how == "OperatorFuncNode" and fact.module not in _OPERATORS:
        reason = "an operator node names something that is no operator"
        return Judgement(Standing.DANGEROUS, effect="object_graph", reason=reason)
    return judgement


def _apply(file: FileFacts) -> Iterable[Finding]:
    for fact in _nodes(file):
        judgement = _standing(fact)
        if judgement.standing in (Standing.GOOD, Standing.OPERANDS):
            continue
        name = symbol_name(fact.module, fact.name)
        changes: dict[str, object] = {"title": f"A skops node rebuilds {name}"}
        if judgement.standing is Standing.DANGEROUS:
            row = effect_row(judgement.effect)
            changes = {
                "kind": Kind.MALICIOUS,
                "severity": Severity.HIGH,
                "title": f"A skops node {row.phrase} ({name})",
            }
        elif judgement.standing is Standing.UNVOUCHED and fact.how != "TypeNode":
            changes |= {"kind": Kind.SUSPICIOUS, "severity": Severity.MEDIUM}
        yield SKOPS_IMPORT.finding(
            member=fact.member,
            evidence={
                "code": f"{fact.how}: {name}",
                "symbols": [name],
                "why": [judgement.reason],
                "effects": [judgement.effect] if judgement.effect else [],
            },
            loaders=_LOADERS,
            **changes,
        )


SKOPS_IMPORT = Rule(
    id="skops-import",
    title="A skops node needs code from other packages",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Import",),
    cwe=("CWE-470", "CWE-502"),
    atlas=("AML.T0011.000",),
    description="The schema names classes or functions outside the known libraries. skops loads "
    "them only when the caller trusts them by name; malicious when the name has an effect that no "
    "model needs.",
    example="an ObjectNode for mypackage.Model",
    remediation="Trust only names that you have looked up.",
    references=("CVE-2025-54412",),
    apply=_apply,
)

RULES = (SKOPS_IMPORT,)
