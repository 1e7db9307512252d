"""The report as JSON, for other programs (schema: ``docs/schemas/scan-1.schema.json``).

Fields may be added, never renamed; ``schema`` changes when a meaning does. Strings are valid
Unicode: what was none in a file name is written as a backslash escape.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from weighbridge import __version__
from weighbridge.findings.libraries import Knowledge, Library
from weighbridge.findings.model import (
    CoverageNote,
    FileReport,
    Finding,
    ModelInfo,
    ProviderScan,
    ScanReport,
    Verdict,
)
from weighbridge.findings.verdict import strongest

SCHEMA = "weighbridge.scan/1"
SEVERAL_SCHEMA = "weighbridge.scans/1"


@dataclass(frozen=True, slots=True)
class FailedTarget:
    """A target that could not be scanned, and why."""

    target: str
    text: str


def render_one(report: ScanReport, rules_version: str) -> str:
    """Return the report on the only target as a JSON document with a line end."""
    return _document(report_object(report, rules_version))


def render_several(
    reports: Sequence[ScanReport], failed: Sequence[FailedTarget], rules_version: str
) -> str:
    """Return the reports on several targets as one JSON document with a line end."""
    unknown = [Verdict.INCONCLUSIVE] if failed else []
    verdict = strongest([*unknown, *(report.verdict for report in reports)])
    return _document(
        {
            "schema": SEVERAL_SCHEMA,
            "verdict": verdict.value,
            "reports": [report_object(report, rules_version) for report in reports],
            "errors": [{"target": one.target, "text": one.text} for one in failed],
        }
    )


def report_object(report: ScanReport, rules_version: str) -> dict[str, Any]:
    """Return one target's report as the contract words it."""
    return {
        "schema": SCHEMA,
        "complete": report.complete,
        "tool": {"name": "weighbridge", "version": __version__, "rules": rules_version},
        "target": report.target,
        "provider": report.provider,
        "revision": report.revision,
        "verdict": report.verdict.value,
        "summary": _summary(report),
        "files": [_file(file) for file in report.files],
        "findings": [
            _finding(f"F{number}", finding)
            for number, finding in enumerate(report.findings, start=1)
        ],
        "libraries": [library_object(library) for library in report.libraries],
        "card": [{"key": key, "value": value} for key, value in report.card],
        "uses": [asdict(one) for one in report.uses],
        "vulnerability_data": knowledge_object(report.knowledge),
        "policy": None if report.outcome is None else asdict(report.outcome),
        "notes": [_note(note, "path") for note in report.notes],
        "model": None if report.model is None else _model(report.model),
    }


def _document(value: dict[str, Any]) -> str:
    return json.dumps(valid(value), indent=2) + "\n"


def _summary(report: ScanReport) -> dict[str, Any]:
    counts = Counter(file.verdict for file in report.files)
    return {
        "files": len(report.files),
        "bytes_total": sum(file.size for file in report.files),
        "bytes_read": sum(file.coverage.bytes_read for file in report.files),
        "bytes_fetched": sum(file.fetched for file in report.files),
        "seconds": round(report.seconds, 3),
        "by_verdict": {verdict.value: counts[verdict] for verdict in Verdict},
    }


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "path": file.path,
        "size": file.size,
        "sha256": file.sha256,
        "sha256_source": file.sha256_source,
        "format": file.format,
        "role": file.role,
        "verdict": file.verdict.value,
        "coverage": {
            "complete": file.coverage.complete,
            "bytes_read": file.coverage.bytes_read,
            "notes": [_note(note, "member") for note in file.coverage.notes],
        },
        "notes": [_note(note, "member") for note in file.notes],
        "bytes_fetched": file.fetched,
        "provider_scans": [_provider_scan(scan) for scan in file.provider_scans],
    }


def _provider_scan(scan: ProviderScan) -> dict[str, Any]:
    return {
        "scanner": scan.scanner,
        "status": scan.status,
        "text": scan.text,
        "agreement": scan.agreement.value,
    }


def _model(model: ModelInfo) -> dict[str, Any]:
    return {
        "provider": model.provider,
        "id": model.id,
        "revision": model.revision,
        "author": model.author,
        "downloads": model.downloads,
        "likes": model.likes,
        "gated": model.gated,
        "private": model.private,
        "license": model.license,
        "base_models": [asdict(one) for one in model.base_models],
        "library": model.library,
        "last_modified": model.last_modified,
    }


def library_object(library: Library) -> dict[str, Any]:
    """Return a library as the contract words it."""
    return {
        "name": library.name,
        "version": library.version,
        "ecosystem": library.ecosystem,
        "relation": library.relation,
        "declared_in": library.declared_in or None,
        "specifier": library.specifier,
        "marker": library.marker,
        "vulnerabilities": [
            {
                "id": one.id,
                "aliases": list(one.aliases),
                "severity": one.severity,
                "score": one.score,
                "impact": one.impact,
                "impact_reason": one.impact_reason,
                "fixed_in": list(one.fixed_in),
                "summary": one.summary,
                "formats": list(one.formats),
                "carried_by": list(one.carried_by),
            }
            for one in library.vulnerabilities
        ],
    }


def knowledge_object(known: Knowledge | None) -> dict[str, Any] | None:
    """Return what statements about vulnerabilities rest on."""
    if known is None:
        return None
    return {
        "records": known.records,
        "newest": known.newest or None,
        "imported": known.imported or None,
        "age_days": known.age_days,
    }


def _note(note: CoverageNote, place: str) -> dict[str, Any]:
    return {"code": note.code, "text": note.text, "offset": note.offset, place: note.member}


def _finding(identifier: str, finding: Finding) -> dict[str, Any]:
    return {
        "id": identifier,
        "rule": finding.rule,
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "title": finding.title,
        "path": finding.path,
        "member": finding.member,
        "offset": finding.offset,
        "evidence": finding.evidence,
        "loaders": list(finding.loaders),
        "cwe": list(finding.cwe),
        "atlas": list(finding.atlas),
        "fingerprint": finding.fingerprint,
        "behaviour": finding.behaviour,
        "remediation": finding.remediation,
        "advisories": list(finding.advisories),
    }


def valid(value: Any) -> Any:
    """Return `value` with every lone surrogate written as an escape."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {valid(key): valid(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [valid(item) for item in value]
    return value
