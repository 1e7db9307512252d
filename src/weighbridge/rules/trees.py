"""Rules about boosted trees."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.graphs import ForeignText
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.foreign_paths import foreign
from weighbridge.rules.graph_loaders import LOADERS
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.text.escaping import visible

_SHOWN = 8


def _structure(file: FileFacts) -> Iterable[Finding]:
    formats = dict.fromkeys(one.format for group in file.anomalies.values() for one in group)
    loaders = tuple(loader for name in formats for loader in LOADERS.get(name, ()))
    return anomaly_findings(file, TREE_STRUCTURE, loaders)


def _paths(file: FileFacts) -> Iterable[Finding]:
    """One finding for all parameters of the author's that name files outside."""
    found = [
        fact
        for fact in file.of(ForeignText)
        if isinstance(fact, ForeignText) and fact.format == "lightgbm" and foreign(fact.value)
    ]
    for fact in found[:1]:
        yield TREE_PARAMETER.finding(
            member=fact.member,
            offset=fact.offset,
            evidence={
                "code": f"[{visible(fact.node, 60)}: {visible(fact.value, 300)}]",
                "symbols": [visible(one.node, 60) for one in found[:_SHOWN]],
                "why": [visible(f"{one.node} {foreign(one.value)}", 200) for one in found[:_SHOWN]],
                "count": len(found),
            },
            loaders=("lightgbm.train with the parameters of the file",),
        )


TREE_STRUCTURE = Rule(
    id="tree-structure",
    title="The trees of the model do not fit together",
    kind=Kind.SUSPICIOUS,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Anomaly",),
    cwe=("CWE-125", "CWE-787"),
    atlas=("AML.T0011.000", "AML.T0029"),
    description="Children, features, groups or counts of boosted trees lead out of their lists, or "
    "a key stands twice. The native libraries trust these numbers, so the file can make them read "
    "or write beyond their memory.",
    example="a node of XGBoost whose left child is number 2,000,000,000",
    remediation="Do not load the file; ask its author to save it again.",
    references=("CVE-2024-43598",),
    apply=_structure,
)
TREE_PARAMETER = Rule(
    id="tree-parameter-path",
    title="A parameter that is saved with the model names a file elsewhere",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    since="0.2.0",
    state="stable",
    facts=("ForeignText",),
    cwe=("CWE-73",),
    atlas=("AML.T0010.003",),
    description="LightGBM saves the parameters of the training along with the trees, paths among "
    "them. Most were the author's own; whoever trains on with these parameters has the library "
    "read or write there.",
    example="[output_model: /home/user/.bashrc]",
    remediation="Set the parameters yourself before you train on.",
    references=(),
    apply=_paths,
)

RULES = (TREE_STRUCTURE, TREE_PARAMETER)
