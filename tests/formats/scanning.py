"""Examines and judges bytes in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from weighbridge.budget import Budget, Limits
from weighbridge.facts.codec import Fact, decode, encode
from weighbridge.facts.structure import Format, Gap, Metadata
from weighbridge.findings.model import Finding, Verdict
from weighbridge.findings.verdict import of_file
from weighbridge.formats.examine import examine
from weighbridge.rules.judge import judge
from weighbridge.sources.local import FileSource
from weighbridge.sources.memory import BytesSource


@dataclass(frozen=True)
class Scanned:
    """What a scan says."""

    facts: list[Fact]
    findings: list[Finding]
    bytes_read: int = 0

    @property
    def verdict(self) -> Verdict:
        return of_file(self.findings, complete=not self.gaps)

    @property
    def format(self) -> str | None:
        return next((f.format for f in self.facts if isinstance(f, Format)), None)

    @property
    def gaps(self) -> list[str]:
        return [fact.code for fact in self.facts if isinstance(fact, Gap)]

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings}

    @property
    def metadata(self) -> dict[str, str]:
        return {fact.key: fact.value for fact in self.facts if isinstance(fact, Metadata)}

    @property
    def effects(self) -> set[str]:
        return {name for finding in self.findings for name in finding.evidence.get("effects", ())}


def scan(data: bytes, limits: Limits | None = None, name: str = "") -> Scanned:
    """Examine bytes, as a file of some name; every fact survives the codec."""
    budget = Budget(limits or Limits())
    facts = examine(BytesSource(data), budget, name)
    assert [decode(encode(fact)) for fact in facts] == facts
    return Scanned(facts, judge(facts, "model"))


def scan_file(path: Path) -> Scanned:
    """Examine a file by ranges."""
    budget = Budget()
    with path.open("rb") as file:
        facts = examine(FileSource(file.fileno(), budget.counters), budget)
    return Scanned(facts, judge(facts, path.name), budget.counters.bytes_read)
