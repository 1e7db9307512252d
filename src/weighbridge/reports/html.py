"""The report as one HTML file: no scripts, nothing from elsewhere, everything hostile inert.

Every text of the input is made visible (control and bidirectional characters written out) and
escaped by the template engine. The page forbids itself scripts and requests on top of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from weighbridge import __version__
from weighbridge.findings.model import Kind, ScanReport, Severity, Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.reports.libraries_text import data
from weighbridge.rules.registry import RULES_VERSION
from weighbridge.text.escaping import visible

_KINDS, _SEVERITIES, _VERDICTS = tuple(Kind), tuple(Severity), tuple(Verdict)
_FINDINGS = 500
_VULNERABILITIES = 500
_FILES = 2_000
_UNREAD = 200
_TEXT = 2_000
_CODE_LINES = 40
_DECIDING = ("declared", "installed")
_ORDER = ("critical", "high", "medium", "low", "none", "unknown")
_MEANINGS = {
    Verdict.MALICIOUS: "Do not load this. Loading it does something that no model needs, such as "
    "starting a process or opening a connection.",
    Verdict.SUSPICIOUS: "Do not load this before somebody has looked at it. Loading it runs "
    "something that nobody has vouched for, or it is built to mislead a scanner.",
    Verdict.INCONCLUSIVE: "Nobody can say yet. Part of it could not be examined, so it must not be "
    "taken for clean.",
    Verdict.WEAKNESS: "There is no sign of intent, but it needs or invites something unsafe; read "
    "what, before it is used.",
    Verdict.CLEAN: "It was examined to the end and nothing was found that would run when it is "
    "loaded.",
}


def render(reports: Sequence[ScanReport]) -> str:
    """Return the reports as one page."""
    environment = Environment(
        loader=PackageLoader("weighbridge.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["safe_text"] = _shown
    environment.filters["safe_block"] = _block
    text = environment.get_template("report.html").render(
        targets=[_target(report) for report in reports],
        verdict=strongest(report.verdict for report in reports).value,
        version=__version__,
        rules=RULES_VERSION,
    )
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _shown(text: object) -> str:
    return visible(str(text), _TEXT)


def _block(text: object) -> str:
    lines = str(text)[:_TEXT].split("\n")
    return "\n".join(visible(line, _TEXT) for line in lines[:_CODE_LINES])


def _target(report: ScanReport) -> dict[str, Any]:
    findings = sorted(
        report.findings,
        key=lambda one: (_KINDS.index(one.kind), _SEVERITIES.index(one.severity)),
    )
    files = sorted(report.files, key=lambda one: _VERDICTS.index(one.verdict))
    vulnerable = [
        (library, one)
        for library in report.libraries
        if library.relation in _DECIDING
        for one in library.vulnerabilities
    ]
    vulnerable.sort(key=lambda pair: (not pair[1].carried_by, _ORDER.index(pair[1].severity)))
    unread = [(file.path, note.text) for file in files for note in file.coverage.notes]
    return {
        "name": _shown(report.target),
        "verdict": report.verdict.value,
        "meaning": _MEANINGS[report.verdict],
        "counted": _counted(report),
        "revision": _shown(report.revision) if report.revision else "",
        "complete": report.complete,
        "policy": report.outcome,
        "findings": findings[:_FINDINGS],
        "more_findings": max(0, len(findings) - _FINDINGS),
        "vulnerable": vulnerable[:_VULNERABILITIES],
        "more_vulnerable": max(0, len(vulnerable) - _VULNERABILITIES),
        "data": _data(report),
        "unread": unread[:_UNREAD],
        "files": files[:_FILES],
        "more_files": max(0, len(files) - _FILES),
    }


def _counted(report: ScanReport) -> str:
    counts = Counter(file.verdict for file in report.files)
    parts = [f"{counts[one]:,} {one.value}" for one in _VERDICTS if counts[one]]
    return f"{len(report.files):,} files: {', '.join(parts) or 'nothing examined'}."


def _data(report: ScanReport) -> str:
    asked = sum(one.version is not None and one.relation in _DECIDING for one in report.libraries)
    if report.knowledge is None:
        return "Vulnerabilities of libraries were not looked up; see weighbridge db update."
    return f"{asked:,} libraries with a known version were looked up; {data(report.knowledge)}."
