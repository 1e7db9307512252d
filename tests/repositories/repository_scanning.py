"""Scans texts: one in this process by its name, or several as a repository as a user would."""

from __future__ import annotations

from pathlib import Path

import weighbridge
from weighbridge.budget import Budget
from weighbridge.facts.codec import Fact, decode, encode
from weighbridge.findings.model import Finding, ScanReport
from weighbridge.formats.examine import examine
from weighbridge.rules.judge import judge
from weighbridge.sources.memory import BytesSource


def facts_of(text: str | bytes, name: str) -> list[Fact]:
    """Return the facts about one file; every one survives the codec."""
    data = text.encode() if isinstance(text, str) else text
    facts = examine(BytesSource(data), Budget(), name)
    assert [decode(encode(fact)) for fact in facts] == facts
    return facts


def of(kind: type, text: str, name: str) -> list:
    return [fact for fact in facts_of(text, name) if isinstance(fact, kind)]


def findings_of(text: str, name: str) -> list[Finding]:
    """Return what the rules say about one file by itself."""
    return judge(facts_of(text, name), name)


def rules_of(text: str, name: str) -> set[str]:
    return {finding.rule for finding in findings_of(text, name)}


def scanned(folder: Path, **files: str) -> ScanReport:
    """Write files, whose names have `__` for a slash and `_dot_` for a dot, and scan them."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return weighbridge.scan(folder, jobs=1)


def said(report: ScanReport) -> set[tuple[str, str, int]]:
    """Return rule, path and line of every finding."""
    return {(one.rule, one.path, one.evidence.get("line", 0)) for one in report.findings}
