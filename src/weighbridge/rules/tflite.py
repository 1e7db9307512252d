"""Rules about custom operators of TFLite models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weighbridge.facts.graphs import ForeignText, Operator
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.foreign_paths import foreign, remote
from weighbridge.rules.graph_loaders import LOADERS
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.tensorflow import TensorFlowOperator, operator, registered
from weighbridge.tables.tflite import ordinary_custom
from weighbridge.text.escaping import visible

_FLEX = "Flex"
_SHOWN = 8


def _custom(file: FileFacts) -> Iterator[Operator]:
    for fact in file.of(Operator):
        if isinstance(fact, Operator) and fact.format == "tflite":
            yield fact


def _flex(file: FileFacts) -> Iterable[Finding]:
    """Operators of TensorFlow inside a TFLite model, by what they touch."""
    for fact in _custom(file):
        row = operator(fact.name.removeprefix(_FLEX)) if fact.name.startswith(_FLEX) else None
        if row is None:
            continue
        constants = [value for _label, value in fact.arguments]
        constants += [one.value for one in file.of(ForeignText) if isinstance(one, ForeignText)]
        named = [value for value in dict.fromkeys(constants) if foreign(value)]
        harmless = row.judge in ("possible", "graph", "stream", "table")
        kind = Kind.MALICIOUS if named else Kind.WEAKNESS if harmless else Kind.SUSPICIOUS
        yield _finding(fact, row, kind, named)


def _finding(fact: Operator, row: TensorFlowOperator, kind: Kind, named: list[str]) -> Finding:
    shown = ", ".join(visible(repr(value), 200) for value in named[:_SHOWN])
    network = ["network"] if any(remote(value) for value in named) else []
    severity = {Kind.MALICIOUS: Severity.HIGH, Kind.SUSPICIOUS: Severity.MEDIUM}
    return FLEX_OPERATOR.finding(
        kind=kind,
        severity=severity.get(kind, Severity.LOW),
        title=f"An operator of its graph {row.phrase} ({visible(fact.name, 80)})",
        member=fact.member,
        offset=fact.offset,
        evidence={
            "code": f"{visible(fact.name, 80)}({shown or '…'})",
            "symbols": [visible(fact.name, 80)],
            "effects": [row.effect, *network],
            "why": [row.reason, *(visible(f"{v} {foreign(v)}", 250) for v in named[:_SHOWN])],
            "count": fact.count,
        },
        loaders=(*LOADERS["tflite"], "TFLite with the Flex delegate"),
    )


def _unknown(file: FileFacts) -> Iterable[Finding]:
    """One finding for all custom operators that no published runtime brings."""
    found: dict[str | None, list[Operator]] = {}
    for fact in _custom(file):
        flex = fact.name.startswith(_FLEX) and registered(fact.name.removeprefix(_FLEX))
        if not flex and not ordinary_custom(fact.name):
            found.setdefault(fact.member, []).append(fact)
    for member, facts in found.items():
        names = [visible(fact.name, 80) for fact in facts]
        yield TFLITE_CUSTOM.finding(
            title=f"It needs custom operators ({', '.join(names[:3])})",
            member=member,
            offset=facts[0].offset,
            evidence={"symbols": names[:_SHOWN], "count": sum(fact.count for fact in facts)},
            loaders=LOADERS["tflite"],
        )


FLEX_OPERATOR = Rule(
    id="tflite-flex-operator",
    title="A TensorFlow operator of the TFLite model reaches beyond it",
    kind=Kind.SUSPICIOUS,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Operator", "ForeignText"),
    cwe=("CWE-73",),
    atlas=("AML.T0011.000", "AML.T0018.001"),
    description="Operators named Flex… run TensorFlow's own, and this one reads or writes files, "
    "connects or calls Python. Models for devices have no use for that. Malicious when a constant "
    "of the model is a path outside it or the address of another machine.",
    example="FlexWriteFile with the constant /data/local/tmp/x",
    remediation="Do not run the model with the Flex delegate.",
    references=(),
    apply=_flex,
)
TFLITE_CUSTOM = Rule(
    id="tflite-custom-operator",
    title="The TFLite model needs custom operators",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Operator",),
    cwe=("CWE-829",),
    atlas=("AML.T0010.001",),
    description="The model runs only with native code that brings these operators, and that has "
    "to be trusted as well.",
    example="a custom operator MyOp",
    remediation="Find out which library brings these operators, and whether you trust it.",
    references=(),
    apply=_unknown,
)

RULES = (FLEX_OPERATOR, TFLITE_CUSTOM)
