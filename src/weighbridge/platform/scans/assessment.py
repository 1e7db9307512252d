"""Storing what was found out about an artifact, and keeping it true when people decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.utils import timezone

from weighbridge.budget import Limits
from weighbridge.facts import FACTS_VERSION
from weighbridge.facts.codec import Fact
from weighbridge.findings.model import Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.platform.cases.models import Occurrence
from weighbridge.platform.cases.opening import Opened, Origin, Subject, open_cases
from weighbridge.platform.cases.ruling import effective, ruled
from weighbridge.platform.catalog.models import Artifact
from weighbridge.platform.catalog.services import refresh, refresh_artifacts
from weighbridge.platform.scans.judging import (
    PARSERS_VERSION,
    Judged,
    excerpts_of,
    flags,
    kinds_of,
    limits_key,
    packed,
    settled,
    symbols_of,
)
from weighbridge.platform.scans.models import (
    ArtifactFacts,
    ArtifactReport,
    FactSymbol,
    ReportBehaviour,
)

_CHUNK = 500
BY_PEOPLE = ("hunt", "manual", "report")
"""What no rule reports, so that no rule takes it back."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read: what one file may cost, and whether all of it is read."""

    limits: Limits

    @property
    def key(self) -> dict[str, Any]:
        """The columns that tell one way of reading from another."""
        return {
            "parsers": PARSERS_VERSION,
            "facts_version": FACTS_VERSION,
            "limits": limits_key(self.limits),
            "mode": "deep" if self.limits.deep else "standard",
        }

    @property
    def enough(self) -> Q:
        """Tells what need not be read again: what was read this way, or wholly."""
        return Q(**self.key) | Q(**Reading(replace(self.limits, deep=True)).key)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read out of an artifact under one name."""

    facts: Sequence[Fact]
    name: str = ""
    bytes_read: int = 0


def facts_for(artifact: Artifact, reading: Reading, name: str) -> ArtifactFacts | None:
    """Return what was read out of an artifact in this way before, or in a deeper one, if it was.

    Args:
        artifact: which.
        reading: how.
        name: that it was read under, see `reading.read_as`.
    """
    found = ArtifactFacts.objects.filter(reading.enough, artifact=artifact, name=name, settled=True)
    return found.order_by("mode").first()  # "deep" comes before "standard".


def keep_facts(artifact: Artifact, read: Read, reading: Reading) -> ArtifactFacts:
    """Store facts and the names that hunts find them by; facts that are there stay."""
    facts = list(read.facts)
    values = {
        "blob": packed(facts),
        "kinds": kinds_of(facts),
        "excerpts": excerpts_of(facts),
        "settled": settled(facts),
        "bytes_read": read.bytes_read,
    }
    row, fresh = ArtifactFacts.objects.get_or_create(
        artifact=artifact, name=read.name, **reading.key, defaults=values
    )
    if not fresh:
        if row.settled:
            return row
        ArtifactFacts.objects.filter(pk=row.pk).update(**values)
        FactSymbol.objects.filter(facts=row).delete()
        ArtifactReport.objects.filter(facts=row).update(current=False)
        row.refresh_from_db()
    names = [FactSymbol(facts=row, kind=kind, name=name) for kind, name in symbols_of(facts)]
    FactSymbol.objects.bulk_create(names, batch_size=_CHUNK, ignore_conflicts=True)
    return row


def keep_report(facts: ArtifactFacts, judged: Judged) -> tuple[ArtifactReport, bool]:
    """Store a judgement as the artifact's current one; returns it and whether it is new.

    A text that was read under another name before keeps the graver of both: what it is called here
    does not make harmless what it does elsewhere.
    """
    key: dict[str, Any] = {"facts": facts, "rules": judged.rules, "vouched": judged.vouched}
    found = ArtifactReport.objects.filter(**key).first()
    if found is not None and found.current:
        return found, False
    other = _graver_reading(facts, judged)
    if other is not None:
        return other, False
    ArtifactReport.objects.filter(artifact_id=facts.artifact_id, current=True).update(current=False)
    behaviours = judged.behaviours
    answer = effective(behaviours, judged.complete, ruled(name for name, _ in behaviours))
    values: dict[str, Any] = {
        "artifact_id": facts.artifact_id,
        "verdict": judged.verdict.value,
        "effective": answer.verdict.value,
        "decided_by": answer.decided_by,
        "complete": judged.complete,
        "current": True,
        "scanned_at": timezone.now(),
        "findings": judged.findings,
        "coverage": judged.coverage,
    }
    report, fresh = ArtifactReport.objects.update_or_create(**key, defaults=values)
    if not fresh:
        ReportBehaviour.objects.filter(report=report).delete()
    ReportBehaviour.objects.bulk_create(
        ReportBehaviour(report=report, behaviour=behaviour, kind=kind)
        for behaviour, kind in behaviours
    )
    return report, True


def _graver_reading(facts: ArtifactFacts, judged: Judged) -> ArtifactReport | None:
    """Return the current report if it is about another name and no less grave."""
    others = ArtifactReport.objects.filter(
        artifact_id=facts.artifact_id, current=True, rules=judged.rules, vouched=judged.vouched
    )
    for other in others.exclude(facts__name=facts.name).filter(facts__settled=True):
        if strongest((Verdict(other.verdict), judged.verdict)).value == other.verdict:
            return other
    return None


def settle(report: ArtifactReport, path: str, origin: Origin) -> Opened:
    """Bring cases in line with an artifact's current report.

    Part of the caller's transaction, which then refreshes the status of the versions concerned;
    the events in the answer are for its end.
    """
    opened = open_cases(Subject(report.artifact), flags(report.findings, path), origin)
    said = {finding["behaviour"] for finding in report.findings}
    gone = Occurrence.objects.filter(
        artifact_id=report.artifact_id, version=None, live=True
    ).exclude(behaviour__in=said)
    gone.exclude(rule__in=BY_PEOPLE).update(live=False)
    return opened


def reassess(behaviours: Iterable[str], cause: str) -> int:
    """Apply people's decisions to every report that speaks of these behaviours.

    Returns:
        How many artifacts have another effective verdict now.
    """
    wanted = sorted(set(behaviours))
    reports = (
        ReportBehaviour.objects.filter(behaviour__in=wanted, report__current=True)
        .values_list("report_id", flat=True)
        .distinct()
    )
    numbers = sorted(reports)
    changed: list[int] = []
    concerned: list[int] = []
    for start in range(0, len(numbers), _CHUNK):
        rows = ArtifactReport.objects.filter(pk__in=numbers[start : start + _CHUNK]).defer(
            "findings", "coverage"
        )
        concerned += [row.artifact_id for row in rows]
        changed += _reassess(list(rows))
    from weighbridge.platform.scans.whole import reassess_versions

    refresh(reassess_versions(wanted), cause)
    refresh_artifacts(concerned, cause)
    return len(changed)


def _reassess(reports: list[ArtifactReport]) -> list[int]:
    said: dict[int, list[tuple[str, str]]] = {report.pk: [] for report in reports}
    rows = ReportBehaviour.objects.filter(report__in=reports)
    for number, behaviour, kind in rows.values_list("report_id", "behaviour", "kind"):
        said[number].append((behaviour, kind))
    decisions = ruled(behaviour for pairs in said.values() for behaviour, _ in pairs)
    changed = []
    for report in reports:
        answer = effective(said[report.pk], report.complete, decisions)
        now = (answer.verdict.value, answer.decided_by)
        if now != (report.effective, report.decided_by):
            report.effective, report.decided_by = now
            changed.append(report)
    ArtifactReport.objects.bulk_update(changed, ["effective", "decided_by"])
    return [report.artifact_id for report in changed]
