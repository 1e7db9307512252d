"""Reports made by hand, ordinary and hostile."""

from __future__ import annotations

from weighbridge.findings.model import (
    Confidence,
    Coverage,
    CoverageNote,
    FileReport,
    Finding,
    Kind,
    ScanReport,
    Severity,
    Verdict,
)
from weighbridge.findings.verdict import strongest

HOSTILE = "evil\n\x1b[31m\x9b2J\u202egnp\u2066.pkl\r\x00\x07\udcff\u2028\U000e0041"


def finding(kind: Kind = Kind.MALICIOUS, **fields: object) -> Finding:
    """Return a finding with something in every field."""
    values: dict[str, object] = {
        "rule": "dangerous-call",
        "kind": kind,
        "severity": Severity.CRITICAL,
        "confidence": Confidence.HIGH,
        "title": "Starts a process",
        "remediation": "Do not load it.",
        "path": "model.pkl",
        "offset": 12,
        "evidence": {"code": "os.system('id')", "symbol": "os.system"},
        "loaders": ("pickle.load",),
        "cwe": ("CWE-502",),
        "atlas": ("AML.T0011.000",),
        "fingerprint": "f" * 16,
        "behaviour": "b" * 16,
    }
    return Finding(**{**values, **fields})  # type: ignore[arg-type]


def file(path: str, verdict: Verdict, *reasons: CoverageNote) -> FileReport:
    """Return a file's report; `reasons` say what was not examined."""
    return FileReport(
        path=path,
        size=10,
        sha256="0" * 64,
        sha256_source="computed",
        format="pickle",
        role="weights",
        verdict=verdict,
        coverage=Coverage(not reasons, 10, reasons),
    )


def report(*files: FileReport, findings: tuple[Finding, ...] = (), **fields: object) -> ScanReport:
    """Return a target's report."""
    values: dict[str, object] = {
        "target": "models",
        "provider": "local",
        "revision": None,
        "complete": True,
        "verdict": strongest(one.verdict for one in files),
        "files": files,
        "findings": findings,
        "seconds": 0.25,
    }
    return ScanReport(**{**values, **fields})  # type: ignore[arg-type]


def clean() -> ScanReport:
    """Three files with nothing in them."""
    return report(*(file(f"{number}.pkl", Verdict.CLEAN) for number in range(3)))


def mixed() -> ScanReport:
    """One file for each verdict, weakest first."""
    reason = CoverageNote("limit-depth", "nested deeper than 6 levels", 99, "a.zip!b.zip")
    return report(
        file("clean.pkl", Verdict.CLEAN),
        file("lambda.pkl", Verdict.WEAKNESS),
        file("bomb.zip", Verdict.INCONCLUSIVE, reason),
        file("odd.pkl", Verdict.SUSPICIOUS),
        file("bad.pkl", Verdict.MALICIOUS),
        findings=(
            finding(Kind.WEAKNESS, path="lambda.pkl", severity=Severity.LOW, title="Needs code"),
            finding(Kind.SUSPICIOUS, path="odd.pkl", severity=Severity.MEDIUM, title="Unknown"),
            finding(Kind.WEAKNESS, path="bad.pkl", severity=Severity.HIGH, title="Lesser"),
            finding(path="bad.pkl", member="archive/data.pkl"),
        ),
    )


def hostile() -> ScanReport:
    """Every text that comes from the input tries to control the reader's terminal."""
    note = CoverageNote("limit-depth", HOSTILE, 1, HOSTILE)
    bad = finding(
        title=HOSTILE,
        path=HOSTILE,
        member=HOSTILE,
        evidence={"code": HOSTILE * 3, HOSTILE: [HOSTILE]},
        loaders=(HOSTILE,),
        remediation=HOSTILE,
        rule=HOSTILE,
    )
    one = FileReport(
        path=HOSTILE,
        size=1,
        sha256=None,
        sha256_source=None,
        format=HOSTILE,
        role="other",
        verdict=Verdict.MALICIOUS,
        coverage=Coverage(False, 1, (note,)),
        notes=(note,),
    )
    return report(one, findings=(bad,), target=HOSTILE, notes=(note,), complete=False)
