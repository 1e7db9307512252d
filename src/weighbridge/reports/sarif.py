"""The report as SARIF 2.1.0, for code scanning (OASIS sarif-v2.1.0; GitHub's SARIF support).

One run per target. A rule has one severity in SARIF, so findings of another severity than their
rule's usual one belong to a rule of their own, `rule/severity`. Model files have no lines: findings
in them stand at line 1, with the byte and the member beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from weighbridge import __version__
from weighbridge.findings.model import FileReport, Finding, ScanReport, Severity, Verdict
from weighbridge.reports.json_report import knowledge_object, valid
from weighbridge.rules.model import Rule
from weighbridge.rules.registry import RULES_VERSION
from weighbridge.rules.registry import rule as rule_of

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOT_EXAMINED = "not-examined"
MOST_RESULTS = 5_000
"""Code scanning keeps no more of one run; the gravest come first."""

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.1",
}
_TEXT = 1_000
_LOOKED_AT = 4
_GAP_TEXT = (
    "Part of the file could not be examined: it is damaged, encrypted, over a limit, or of a "
    "format that Weighbridge does not read. It must not be taken for clean."
)


def render(reports: Sequence[ScanReport]) -> str:
    """Return the reports as one SARIF log with a line end."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report) for report in reports]}
    return json.dumps(valid(log), indent=2) + "\n"


def _run(report: ScanReport) -> dict[str, Any]:
    rules: dict[str, dict[str, Any]] = {}
    results = [_result(report, finding, rules) for finding in report.findings]
    results += [_unread(report, file, rules) for file in report.files if not file.coverage.complete]
    results.sort(key=lambda result: (result["level"] != "error", result["level"] == "note"))
    order = {identifier: number for number, identifier in enumerate(rules)}
    seen: dict[str, int] = {}
    for result in results:
        result["ruleIndex"] = order[result["ruleId"]]
        _number(result, seen)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Weighbridge",
                "semanticVersion": __version__,
                "rules": list(rules.values()),
                "properties": {"rules": RULES_VERSION},
            }
        },
        "automationDetails": {"id": f"weighbridge/{report.target}/"},
        "artifacts": [_artifact(report, file) for file in report.files],
        "results": results[:MOST_RESULTS],
        "invocations": [{"executionSuccessful": report.complete}],
        "properties": {
            "verdict": report.verdict.value,
            "vulnerabilityData": knowledge_object(report.knowledge),
            "resultsLeftOut": max(0, len(results) - MOST_RESULTS),
        },
    }
    if report.revision is not None:
        name = report.model.id if report.model is not None else report.target
        provenance = {"repositoryUri": f"{report.provider}:{name}", "revisionId": report.revision}
        run["versionControlProvenance"] = [provenance]
    return run


def _number(result: dict[str, Any], seen: dict[str, int]) -> None:
    """Tell results with the same fingerprint apart, in their order."""
    prints = result["partialFingerprints"]
    line = prints["primaryLocationLineHash"]
    seen[line] = seen.get(line, 0) + 1
    prints["primaryLocationLineHash"] = f"{line}:{seen[line]}"


def _result(
    report: ScanReport, finding: Finding, rules: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    rule = rule_of(finding.rule)
    usual = rule is None or rule.severity is finding.severity
    identifier = finding.rule if usual else f"{finding.rule}/{finding.severity.value}"
    if identifier not in rules:
        rules[identifier] = _rule(identifier, finding, rule)
    code = finding.evidence.get("code")
    shown = f"\n\n{code}" if isinstance(code, str) and code else ""
    loaders = f"\n\nRuns with: {', '.join(finding.loaders)}" if finding.loaders else ""
    text = f"{finding.title}.{shown}{loaders}\n\nWhat to do: {finding.remediation}"
    return {
        "ruleId": identifier,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(report, finding)],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint[:16]},
        **_suppressions(report, finding),
        "properties": {
            "kind": finding.kind.value,
            "confidence": finding.confidence.value,
            "behaviour": finding.behaviour,
            "advisories": list(finding.advisories),
        },
    }


def _suppressions(report: ScanReport, finding: Finding) -> dict[str, Any]:
    """What a policy has accepted is told, not left out (SARIF 3.27.23)."""
    known = report.outcome.suppressed if report.outcome is not None else ()
    reasons = [one.reason for one in known if one.subject == finding.fingerprint]
    listed = [{"kind": "external", "justification": reason} for reason in reasons]
    return {"suppressions": listed} if listed else {}


def _location(report: ScanReport, finding: Finding) -> dict[str, Any]:
    line = finding.evidence.get("line")
    start = line if isinstance(line, int) and line > 0 else 1
    region: dict[str, Any] = {"startLine": start, "startColumn": 1, "endLine": start}
    region["endColumn"] = 2
    if finding.offset is not None and not isinstance(line, int):
        region |= {"byteOffset": finding.offset, "byteLength": 1}
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(report, finding.path)}}
    location: dict[str, Any] = {"physicalLocation": place | {"region": region}}
    if finding.member is not None:
        name = {"fullyQualifiedName": finding.member, "kind": "member"}
        location["logicalLocations"] = [name]
    return location


def _rule(identifier: str, finding: Finding, rule: Rule | None) -> dict[str, Any]:
    title = rule.title if rule is not None else finding.title
    description = rule.description if rule is not None else finding.title
    tags = ["security", *(f"external/cwe/{name.lower()}" for name in finding.cwe), *finding.atlas]
    return {
        "id": identifier,
        "shortDescription": {"text": title[:_TEXT]},
        "fullDescription": {"text": description[:_TEXT]},
        "help": {"text": f"{description}\n\nWhat to do: {finding.remediation}"[:_TEXT]},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": tags[:20],
            "precision": finding.confidence.value,
            "security-severity": _SCORES[finding.severity],
        },
    }


def _unread(
    report: ScanReport, file: FileReport, rules: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    rules.setdefault(
        NOT_EXAMINED,
        {
            "id": NOT_EXAMINED,
            "shortDescription": {"text": "It could not be examined to the end"},
            "fullDescription": {"text": _GAP_TEXT},
            "help": {"text": _GAP_TEXT},
            "defaultConfiguration": {"level": "warning"},
            "properties": {
                "tags": ["security"],
                "precision": "high",
                "security-severity": _SCORES[Severity.MEDIUM],
            },
        },
    )
    reasons = "; ".join(note.text for note in file.coverage.notes[:_LOOKED_AT])
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}
    place = {"artifactLocation": {"uri": _uri(report, file.path)}, "region": region}
    digest = hashlib.sha256(f"{NOT_EXAMINED}\0{file.path}".encode("utf-8", "surrogateescape"))
    return {
        "ruleId": NOT_EXAMINED,
        "level": "warning",
        "message": {"text": f"It could not be examined to the end: {reasons}."},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": digest.hexdigest()[:16]},
        "properties": {"kind": Verdict.INCONCLUSIVE.value},
    }


def _artifact(report: ScanReport, file: FileReport) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "location": {"uri": _uri(report, file.path)},
        "length": file.size,
        "properties": {"format": file.format, "role": file.role, "verdict": file.verdict.value},
    }
    if file.sha256 is not None:
        artifact["hashes"] = {"sha-256": file.sha256}
    return artifact


def _uri(report: ScanReport, path: str) -> str:
    """Return where a file stands as seen from where the scan was started.

    A local target that is a relative folder comes before the file's path, because code scanning
    wants paths from the root of the repository.
    """
    target = report.target
    local = report.provider == "local" and not Path(target).is_absolute()
    if local and not (len(report.files) == 1 and Path(target).name == report.files[0].path):
        folder = Path(target).as_posix()
        path = path if folder == "." else f"{folder}/{path}"
    elif local:
        path = Path(target).as_posix()
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")
