"""Puts what advisories say into a report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from weighbridge.advisories_lookup.model import Advisories, Named
from weighbridge.findings.identity import with_identity
from weighbridge.findings.model import (
    Confidence,
    FileReport,
    Finding,
    Kind,
    ScanReport,
    Severity,
    Verdict,
)
from weighbridge.findings.verdict import of_file, strongest

RULE = "published-advisory"
_REMEDIATION = (
    "Do not load this file. Read the advisory, and remove the file where it was copied to."
)
_TELLING = (Kind.MALICIOUS, Kind.SUSPICIOUS)


def with_advisories(report: ScanReport, advisories: Advisories) -> ScanReport:
    """Return `report` with the advisories that name its files.

    An id stands beside the findings that it is about. Where the rules found nothing of the kind, a
    finding of its own says what was published, and the verdict follows.

    Raises:
        LookupFailed: the advisories cannot be had.
    """
    digests = sorted({file.sha256 for file in report.files if file.sha256})
    found = advisories.naming(digests)
    if not found:
        return report
    by_path: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_path[finding.path].append(finding)
    files = []
    findings: list[Finding] = []
    for file in report.files:
        named = found.get(file.sha256 or "", ())
        own = _annotated(by_path[file.path], named, file)
        findings += own
        files.append(_judged(file, own) if named else file)
    unfinished = () if report.complete else (Verdict.INCONCLUSIVE,)
    verdict = strongest((*(file.verdict for file in files), *unfinished))
    return replace(report, files=tuple(files), findings=tuple(findings), verdict=verdict)


def _annotated(
    findings: Sequence[Finding], named: Sequence[Named], file: FileReport
) -> list[Finding]:
    malice = tuple(one.id for one in named if one.malicious)
    weakness = tuple(one.id for one in named if not one.malicious)
    result = []
    shown: set[str] = set()
    for finding in findings:
        ids = malice if finding.kind in _TELLING else weakness
        shown.update(ids)
        result.append(replace(finding, advisories=ids) if ids else finding)
    malicious_already = any(finding.kind is Kind.MALICIOUS for finding in findings)
    missing = [
        one for one in named if one.id not in shown or (one.malicious and not malicious_already)
    ]
    return [*result, *_own_findings(missing, file)]


def _own_findings(named: Iterable[Named], file: FileReport) -> Iterable[Finding]:
    for one in named:
        says = f": {one.summary}" if one.summary else ""
        finding = Finding(
            rule=RULE,
            kind=Kind.MALICIOUS if one.malicious else Kind.WEAKNESS,
            severity=Severity.CRITICAL if one.malicious else Severity.MEDIUM,
            confidence=Confidence.HIGH,
            title=f"{one.id} names exactly this file{says}",
            remediation=_REMEDIATION if one.malicious else "Read the advisory before loading.",
            evidence={"sha256": file.sha256, "symbols": [one.id]},
            advisories=(one.id,),
        )
        yield with_identity(finding, file.path)


def _judged(file: FileReport, findings: Sequence[Finding]) -> FileReport:
    return replace(file, verdict=of_file(findings, file.coverage.complete))
