"""Applies every rule to the facts of one file."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Note
from weighbridge.findings.identity import with_identity
from weighbridge.findings.model import Finding, Kind, Severity
from weighbridge.rules.advice import advice
from weighbridge.rules.model import FileFacts
from weighbridge.rules.registry import RULES

_KINDS = {Kind.MALICIOUS: 0, Kind.SUSPICIOUS: 1, Kind.WEAKNESS: 2}
_SEVERITIES = {severity: number for number, severity in enumerate(Severity)}


def judge(facts: Sequence[Fact], path: str) -> list[Finding]:
    """Return the findings about one file, gravest first.

    Args:
        facts: what the parsers read out of it.
        path: of the file, for the report; it lowers no verdict.
    """
    file = FileFacts(facts, path)
    found = [with_identity(finding, path) for rule in RULES for finding in rule.apply(file)]
    return _distinct(sorted(found, key=_order))


def advise(facts: Sequence[Fact], path: str) -> list[Note]:
    """Return notes on how the file can be loaded; they change no verdict."""
    return advice(FileFacts(facts, path))


def _order(finding: Finding) -> tuple[int, int, str, int]:
    return (
        _KINDS[finding.kind],
        _SEVERITIES[finding.severity],
        finding.member or "",
        finding.offset or 0,
    )


def _distinct(findings: list[Finding]) -> list[Finding]:
    """Keep one finding for each cause and place, the gravest, which comes first."""
    seen: dict[tuple[str, str | None, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.member, finding.behaviour), finding)
    return list(seen.values())
