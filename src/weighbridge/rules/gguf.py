"""Rules about the structure of GGUF files, by the anomaly codes that the table gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.model import FileFacts, Rule

_LOADERS = ("llama.cpp: llama_model_load_from_file", "llama_cpp.Llama", "ollama create")


def _overflows(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, GGUF_OVERFLOW, _LOADERS)


def _structure(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, GGUF_STRUCTURE, _LOADERS)


def _rule(
    identifier: str,
    kind: Kind,
    severity: Severity,
    apply: Callable[[FileFacts], Iterable[Finding]],
    texts: tuple[str, str, str, str],
    references: tuple[str, ...],
) -> Rule:
    title, description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Anomaly",),
        cwe=("CWE-190", "CWE-122", "CWE-125"),
        atlas=("AML.T0011.000", "AML.T0076"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )


GGUF_OVERFLOW = _rule(
    "gguf-overflow",
    Kind.MALICIOUS,
    Severity.HIGH,
    _overflows,
    (
        "A number in the GGUF header overflows what a loader computes with it",
        "Counts, lengths, shapes and offsets of GGUF are 64 bits wide, and loaders multiply and "
        "add them. A number that makes such a sum wrap round has no honest reason: the loader "
        "reserves little memory and then writes or reads much.",
        "a tensor with the shape [4294967296, 4294967296]",
        "Do not load the file.",
    ),
    (
        "CVE-2024-21802",
        "CVE-2024-21825",
        "CVE-2024-21836",
        "CVE-2024-23496",
        "CVE-2024-23605",
        "CVE-2025-49847",
        "CVE-2025-53630",
        "CVE-2026-27940",
        "CVE-2026-33298",
    ),
)
GGUF_STRUCTURE = _rule(
    "gguf-structure",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    _structure,
    (
        "The GGUF structure is one that no writer produces",
        "Duplicate keys or tensors, overlaps, holes, tensors beyond the end, an alignment that is "
        "no power of two, types that do not exist: careful loaders refuse such a file, others read "
        "what is not there.",
        "general.alignment = 0",
        "Ask for a file written by the converter of llama.cpp, and use a current loader.",
    ),
    ("CVE-2025-52566", "CVE-2026-7482"),
)

RULES = (GGUF_OVERFLOW, GGUF_STRUCTURE)
