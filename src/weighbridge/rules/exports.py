"""Rules about exported programs of PyTorch: pt2 archives and ExecuTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.model import FileFacts, Rule

_EXPORT = ("torch.export.load", "torch.export.pt2_archive.load_pt2")
_EXECUTORCH = ("executorch.runtime.Runtime.load_program", "torch::executor::Program::load")


def _programs(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, EXPORTED_PROGRAM, _EXPORT)


def _structures(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, EXECUTORCH_STRUCTURE, _EXECUTORCH)


def _rule(
    identifier: str,
    cwe: tuple[str, ...],
    apply: Callable[[FileFacts], Iterable[Finding]],
    texts: tuple[str, str, str, str],
    references: tuple[str, ...],
) -> Rule:
    title, description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=Kind.SUSPICIOUS,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Anomaly",),
        cwe=cwe,
        atlas=("AML.T0011.000", "AML.T0018.002"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )


EXPORTED_PROGRAM = _rule(
    "exported-program",
    ("CWE-95", "CWE-470", "CWE-502"),
    _programs,
    (
        "The exported program holds text that its loader runs",
        "Symbolic sizes are evaluated by SymPy when the program is loaded, guards are run as "
        "Python, and targets are attribute paths from torch. Each has a narrow form that the "
        "exporter writes; this one leaves it.",
        "an expr_str of __import__('os').system('id')",
        "Do not load the file.",
    ),
    ("CVE-2026-4538",),
)
EXECUTORCH_STRUCTURE = _rule(
    "executorch-structure",
    ("CWE-190", "CWE-125", "CWE-787"),
    _structures,
    (
        "The ExecuTorch file has a structure that no writer produces",
        "Sizes, indices or offsets do not fit the file or each other. Runtimes before the fixes "
        "of 2025 trust them.",
        "a tensor that takes constant 900 of 4",
        "Do not load the file.",
    ),
    ("CVE-2025-30402", "CVE-2025-54951"),
)

RULES = (EXPORTED_PROGRAM, EXECUTORCH_STRUCTURE)
