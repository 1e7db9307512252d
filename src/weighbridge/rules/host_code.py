"""Rules about operators that the program around a model has to bring."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.graphs import Operator
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.graph_loaders import LOADERS
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.host_code import HostCode, formats, host_code
from weighbridge.text.escaping import visible

_SHOWN = 8
_SEVERITIES = {"malicious": Severity.HIGH, "suspicious": Severity.MEDIUM}


def _host_code(file: FileFacts) -> Iterable[Finding]:
    """One finding for all operators of a row of the table."""
    found: dict[tuple[str | None, HostCode], list[Operator]] = {}
    for fact in file.of(Operator):
        if isinstance(fact, Operator) and fact.format in formats():
            row = host_code(fact.format, fact.domain, fact.name)
            if row is not None:
                found.setdefault((fact.member, row), []).append(fact)
    for (member, row), facts in found.items():
        names = list(dict.fromkeys(_shown(fact) for fact in facts))
        yield HOST_CODE.finding(
            kind=Kind(row.kind),
            severity=_SEVERITIES.get(row.kind, Severity.LOW),
            title=f"It {row.phrase} ({', '.join(names[:3])})",
            member=member,
            offset=facts[0].offset,
            evidence={
                "symbols": names[:_SHOWN],
                "effects": [row.effect] if row.effect != "-" else [],
                "why": [row.reason],
                "count": sum(fact.count for fact in facts),
            },
            loaders=LOADERS.get(row.format, ()),
        )


def _shown(fact: Operator) -> str:
    given = ", ".join(value for _key, value in fact.arguments)
    return visible(f"{fact.name}({given})" if given else fact.name, 120)


HOST_CODE = Rule(
    id="host-code",
    title="It needs code that the program around it has to bring",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Operator",),
    cwe=("CWE-829", "CWE-470"),
    atlas=("AML.T0010.001",),
    description="Layers, functions or classes of the model are none of its format's own. It runs "
    "only together with code that brings them, found by the name that the model gives, and whoever "
    "runs it has to trust that code too.",
    example="a layer of OpenVINO whose version is my_extension",
    remediation="Find out which code that is, and whether you trust it.",
    references=(),
    apply=_host_code,
)

RULES = (HOST_CODE,)
