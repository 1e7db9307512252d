"""Reading scans and reports, and the look-up that gates ask before they let a file pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import QuerySet

from weighbridge.findings.agreement import agreement
from weighbridge.findings.identity import with_identity
from weighbridge.findings.model import Confidence, Finding, Kind, Severity, Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.advisories.models import IN_FORCE
from weighbridge.platform.advisories.numbers import spelled
from weighbridge.platform.cases.ruling import Ruled, effective, ruled
from weighbridge.platform.catalog.models import ModelFile, ModelVersion, Status
from weighbridge.platform.scans.judging import full_version
from weighbridge.platform.scans.models import ArtifactReport, Hunt, Scan, VersionReport
from weighbridge.rules.repository.judge import with_loader

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

DEFENDER = "defender"
OPAQUE = "tensor-data"

# Written out, because building these two statements anew would take longer than running them.
_REPORT = """
SELECT r.verdict, r.effective, r.decided_by, r.rules, r.vouched, r.scanned_at
FROM catalog_artifact a JOIN scans_artifactreport r ON r.artifact_id = a.id AND r."current"
WHERE a.sha256 = %s AND a.sha256_source = 'computed'
"""
_RECORDS = """
SELECT v.kind, v.year, v.number
FROM advisories_affectedfile f
JOIN advisories_advisory v ON v.id = f.advisory_id
JOIN advisories_revision e ON e.id = f.revision_id AND e.number = v.revision
WHERE f.sha256 = %s AND v.state IN (%s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class LookUp:
    """What is known about a content by its hash.

    Attributes:
        verdict: what holds, people's decisions included.
        defender_verdict: what the rules say; None when it was never scanned.
        decided_by: an advisory, a case, or `defender`.
        advisories: numbers in force that name this hash, in the bare form.
    """

    sha256: str
    verdict: str
    defender_verdict: str | None
    decided_by: str
    status: str
    advisories: tuple[str, ...]
    rules: str | None
    scanned_at: datetime | None


def look_up(sha256: str) -> LookUp | None:
    """Return what is known about a content, in two indexed queries; None when nothing is.

    Only hashes that we computed count: what a provider declares is no fact about anybody's file.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REPORT, [sha256])
        report = cursor.fetchone()
        cursor.execute(_RECORDS, [sha256, *IN_FORCE])
        records = sorted(set(cursor.fetchall()))
    if report is None and not records:
        return None
    numbers = tuple(spelled(*record) for record in records)
    malice = [number for record, number in zip(records, numbers, strict=True) if record[0] == "MSC"]
    verdict, effective, decided, rules, vouched, at = report or (None, "weakness", "", "", "", None)
    return LookUp(
        sha256=sha256,
        verdict="malicious" if malice else effective,
        defender_verdict=verdict,
        decided_by=", ".join(malice) or decided or (DEFENDER if report else ", ".join(numbers)),
        status=_status(bool(numbers), effective, decided),
        advisories=numbers,
        rules=full_version(rules, vouched) if report else None,
        scanned_at=_utc(at),
    )


def _utc(at: datetime | str | None) -> datetime | None:
    """Return a time as the database gives it, which is text on SQLite."""
    if isinstance(at, str):
        return datetime.fromisoformat(at).replace(tzinfo=UTC)
    return at


def _status(recorded: bool, effective: str, decided: str) -> str:
    if recorded:
        return Status.VALIDATED.value
    if effective in ("malicious", "suspicious"):
        return Status.SUSPECTED.value
    if "false-positive" in decided:
        return Status.FALSE_POSITIVE.value
    if effective == "weakness":
        return Status.WEAKNESS_FOUND.value
    if effective == "inconclusive":
        return Status.NOT_EXAMINED.value
    return Status.NO_FINDINGS.value


def visible_to(user: User | AnonymousUser) -> QuerySet[Scan]:
    """Return the scans that somebody may see: their own, and all for who may read the queue."""
    scans = Scan.objects.select_related("requested_by", "version__model").order_by("-pk")
    if allowed(user, Action.READ_QUEUE):
        return scans
    if not user.is_authenticated:
        return scans.none()
    return scans.filter(requested_by=user.pk)


def inconclusive(user: User) -> QuerySet[ArtifactReport]:
    """Return what was not examined to the end, newest first: its own list, never counted clean."""
    require(user, Action.READ_QUEUE)
    return (
        ArtifactReport.objects.filter(verdict="inconclusive", current=True)
        .select_related("artifact")
        .defer("findings")
        .order_by("-pk")
    )


def hunts(user: User) -> QuerySet[Hunt]:
    """Return the hunts, newest first."""
    require(user, Action.HUNT)
    return Hunt.objects.select_related("requested_by").order_by("-pk")


def report_on(version: ModelVersion, *, evidence: bool) -> list[dict[str, Any]]:
    """Return one entry for each file of a version, with its findings, as the contract words them.

    Args:
        version: which.
        evidence: False leaves the evidence out, for people who may not see that of a restricted
            model.
    """
    files = version.files.select_related("artifact").order_by("path")
    files = files.prefetch_related("provider_verdicts")
    reports = {
        report.artifact_id: report
        for report in ArtifactReport.objects.filter(artifact__files__version=version, current=True)
    }
    whole = VersionReport.objects.filter(version=version).first()
    own = whole.findings if whole else []
    decisions = ruled(one["behaviour"] for one in own)
    found = []
    for file in files:
        report = reports.get(file.artifact_id)
        artifact = file.artifact
        beside = whole.files.get(file.path, {}) if whole else {}
        together = [one for one in own if one["path"] == file.path]
        shown = _placed(report.findings if report else [], file.path, beside.get("loader"))
        found.append(
            {
                "path": file.path,
                "size": artifact.size,
                "sha256": artifact.sha256,
                "sha256_source": artifact.sha256_source,
                "format": OPAQUE if file.opaque else artifact.format or None,
                "role": file.role,
                **_verdicts(file, report, together, decisions),
                "coverage": _coverage(file, report, beside),
                "provider_scans": _said(file, report.verdict if report else None),
                "findings": [
                    one if evidence else one | {"evidence": {}} for one in (*together, *shown)
                ],
            }
        )
    return found


def _verdicts(
    file: ModelFile,
    report: ArtifactReport | None,
    together: list[dict[str, Any]],
    decisions: dict[str, Ruled],
) -> dict[str, Any]:
    """Return the verdicts of a file beside its neighbours."""
    if report is None:
        return {"verdict": None, "defender_verdict": None, "decided_by": ""}
    own = [Verdict(report.verdict), Verdict(report.effective)]
    if file.opaque:
        own = [Verdict.CLEAN if one is Verdict.INCONCLUSIVE else one for one in own]
    pairs = [(one["behaviour"], one["kind"]) for one in together]
    answer = effective(pairs, True, decisions)
    decided = [word for word in (report.decided_by, answer.decided_by) if word]
    return {
        "verdict": strongest((own[1], answer.verdict)).value,
        "defender_verdict": strongest((own[0], *(Verdict(kind) for _, kind in pairs))).value,
        "decided_by": ", ".join(dict.fromkeys(decided)),
    }


def _coverage(
    file: ModelFile, report: ArtifactReport | None, beside: dict[str, Any]
) -> dict[str, Any] | None:
    if report is None:
        return None
    coverage: dict[str, Any] = dict(report.coverage)
    if file.opaque:
        coverage |= {"complete": True, "notes": []}
    if "note" in beside:
        note = {"offset": None, "member": None, **beside["note"]}
        coverage["remarks"] = [*coverage.get("remarks", []), note]
    return coverage


def _said(file: ModelFile, verdict: str | None) -> list[dict[str, str]]:
    """Return what the provider's scanners say, compared with what the rules say."""
    return [
        {
            "scanner": one.scanner,
            "status": one.status,
            "text": one.text,
            "agreement": agreement(one.status, Verdict(verdict or "inconclusive")).value,
        }
        for one in file.provider_verdicts.all()
    ]


def _placed(
    findings: Iterable[dict[str, Any]], path: str, loader: str | None
) -> list[dict[str, Any]]:
    """Return findings with the path of their file, which decides their fingerprint.

    Args:
        findings: of its content.
        path: below the model.
        loader: that runs it, if it is a script that one leads to.
    """
    placed = []
    for one in findings:
        finding = Finding(
            rule=one["rule"],
            kind=Kind(one["kind"]),
            severity=Severity(one["severity"]),
            confidence=Confidence(one["confidence"]),
            title=one["title"],
            remediation=one["remediation"],
            member=one["member"],
            evidence=one["evidence"],
            loaders=tuple(one["loaders"]),
        )
        told = with_loader(with_identity(finding, path), loader)
        loaders = list(told.loaders)
        placed.append(one | {"path": path, "fingerprint": told.fingerprint, "loaders": loaders})
    return placed
