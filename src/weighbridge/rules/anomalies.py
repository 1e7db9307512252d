"""Findings of a rule that stands for anomaly codes, as the table of anomalies assigns them."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.findings.model import Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.anomalies import meanings
from weighbridge.text.escaping import visible

_SHOWN = 5


def anomaly_findings(file: FileFacts, rule: Rule, loaders: tuple[str, ...]) -> Iterable[Finding]:
    """Yield one finding for each anomaly code of `rule` that the file has."""
    for code, anomalies in file.anomalies.items():
        meaning = meanings().get(code)
        if meaning is None or meaning.rule != rule.id:
            continue
        yield rule.finding(
            kind=Kind(meaning.kind),
            severity=Severity(meaning.severity),
            title=meaning.title[0].upper() + meaning.title[1:],
            member=anomalies[0].member,
            offset=anomalies[0].offset,
            evidence={
                "symbols": [meaning.code],
                "why": [meaning.reason],
                "details": [visible(anomaly.text, 300) for anomaly in anomalies[:_SHOWN]],
                "count": len(anomalies),
            },
            loaders=loaders,
        )
