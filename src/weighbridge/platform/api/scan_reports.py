"""A stored scan in the form of the contract of ``weighbridge scan --format json``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from weighbridge import __version__
from weighbridge.findings.model import Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.platform.advisories.models import IN_FORCE, AffectedFile
from weighbridge.platform.advisories.numbers import spelled
from weighbridge.platform.catalog.models import ModelFile, ModelVersion
from weighbridge.platform.scans.models import ArtifactReport, Scan
from weighbridge.platform.scans.needed import needed
from weighbridge.platform.scans.selectors import DEFENDER, report_on
from weighbridge.reports.json_report import knowledge_object, library_object

SCHEMA = "weighbridge.scan/1"


def report_of(scan: Scan, version: ModelVersion, with_evidence: bool) -> dict[str, Any]:
    """Return the report: what the rules say, with what people decided beside it.

    Args:
        scan: which is over.
        version: that it examined.
        with_evidence: false leaves evidence out, for restricted models and people without the
            right to read it.
    """
    named = _advisories(version)
    files, findings = [], []
    for entry in report_on(version, evidence=with_evidence):
        ids = sorted(named.get(entry["sha256"] or "", []))
        findings += [{**one, "advisories": ids} for one in entry.pop("findings")]
        files.append(_file(entry, ids))
    return {
        "schema": SCHEMA,
        "complete": scan.state == "done",
        "tool": {
            "name": "weighbridge",
            "version": __version__,
            "rules": _rules(version),
        },
        "target": scan.target,
        "provider": version.model.provider,
        "revision": version.revision,
        "verdict": strongest(Verdict(file["verdict"]) for file in files).value,
        "defender_verdict": scan.verdict or None,
        "status": version.status,
        "summary": _summary(files, scan),
        "files": files,
        "findings": [{"id": f"F{at}", **one} for at, one in enumerate(findings, start=1)],
        "libraries": [],
        "notes": scan.notes,
    }


def with_libraries(report: dict[str, Any], version: ModelVersion) -> dict[str, Any]:
    """Return a report with the version's libraries, and what is known of them today."""
    found = needed(version)
    return {
        **report,
        "libraries": [library_object(one) for one in found.libraries],
        "vulnerability_data": knowledge_object(found.knowledge),
    }


def _advisories(version: ModelVersion) -> dict[str, list[str]]:
    """Return the advisories in force by hash, for the contents of a version."""
    found: dict[str, list[str]] = {}
    rows = AffectedFile.objects.filter(
        advisory__state__in=IN_FORCE,
        sha256__in=ModelFile.objects.filter(
            version=version, artifact__sha256_source="computed"
        ).values("artifact__sha256"),
    ).values_list("sha256", "advisory__kind", "advisory__year", "advisory__number")
    for sha256, kind, year, number in rows.distinct():
        found.setdefault(str(sha256), []).append(spelled(kind, year, number))
    return found


def _rules(version: ModelVersion) -> str | None:
    """Return the version of rules that judged; the newest, where files were judged apart."""
    reports = ArtifactReport.objects.filter(artifact__files__version=version, current=True)
    return reports.order_by("-scanned_at").values_list("rules", flat=True).first()


def _file(entry: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    """Return a file; one that was never judged is inconclusive, and no file is clean by default."""
    nothing = {"complete": False, "bytes_read": 0, "notes": []}
    return {
        **entry,
        "verdict": entry["verdict"] or Verdict.INCONCLUSIVE.value,
        "decided_by": entry["decided_by"] or DEFENDER,
        "coverage": entry["coverage"] or nothing,
        "advisories": ids,
    }


def _summary(files: list[dict[str, Any]], scan: Scan) -> dict[str, Any]:
    counts = Counter(file["verdict"] for file in files)
    begun, ended = scan.started_at, scan.finished_at
    return {
        "files": len(files),
        "bytes_total": sum(file["size"] for file in files),
        "bytes_read": sum(file["coverage"].get("bytes_read", 0) for file in files),
        "seconds": (ended - begun).total_seconds() if begun and ended else None,
        "by_verdict": {verdict.value: counts[verdict.value] for verdict in Verdict},
    }
