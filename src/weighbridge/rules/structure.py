"""Rules about structure: each stands for the anomaly codes that the table of anomalies gives it."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.structure import Anomaly
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.anomalies import AnomalyMeaning, meanings
from weighbridge.text.escaping import visible

_SHOWN = 5
_LOADERS = {
    "zip": ("zipfile", "torch.load"),
    "tar": ("tarfile.extractall",),
    "pytorch": ("torch.load",),
    "pytorch-zip": ("torch.load",),
    "pytorch-legacy": ("torch.load",),
    "torchscript": ("torch.jit.load",),
    "skops": ("skops.io.load",),
    "torchserve": ("torchserve --models",),
    "safetensors": ("safetensors readers other than the reference",),
    "json": ("transformers' from_pretrained",),
}


def _rule(
    identifier: str,
    title: str,
    severity: Severity,
    cwe: tuple[str, ...],
    atlas: tuple[str, ...],
    texts: tuple[str, str, str],
    references: tuple[str, ...] = (),
) -> Rule:
    holder: list[Rule] = []

    def apply(file: FileFacts) -> Iterable[Finding]:
        for code, anomalies in file.anomalies.items():
            meaning = meanings().get(code)
            if meaning is not None and meaning.rule == identifier:
                yield _finding(holder[0], meaning, anomalies)

    description, example, remediation = texts
    rule = Rule(
        id=identifier,
        title=title,
        kind=Kind.SUSPICIOUS,
        severity=severity,
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Anomaly",),
        cwe=cwe,
        atlas=atlas,
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )
    holder.append(rule)
    return rule


def _finding(rule: Rule, meaning: AnomalyMeaning, anomalies: list[Anomaly]) -> Finding:
    first = anomalies[0]
    return rule.finding(
        kind=Kind(meaning.kind),
        severity=Severity(meaning.severity),
        title=meaning.title[0].upper() + meaning.title[1:],
        member=first.member,
        offset=first.offset,
        evidence={
            "symbols": [meaning.code],
            "why": [meaning.reason],
            "details": [visible(anomaly.text, 300) for anomaly in anomalies[:_SHOWN]],
            "count": len(anomalies),
        },
        loaders=_LOADERS.get(first.format, ()),
    )


READER_DISAGREEMENT = _rule(
    "reader-disagreement",
    "Readers disagree on what the archive holds",
    Severity.HIGH,
    ("CWE-436", "CWE-693"),
    ("AML.T0076", "AML.T0074"),
    (
        "Two readers of this archive see different members, names, sizes or contents. Honest "
        "writers produce archives on which all agree; a difference hides content from one of "
        "them, usually from the scanner. Every view was examined.",
        "a local header whose name differs from the directory's",
        "Do not use the file; ask its author to write it again with the ordinary tools.",
    ),
    ("CVE-2025-1944", "CVE-2025-1945", "CVE-2025-10156"),
)
HIDDEN_CONTENT = _rule(
    "hidden-content",
    "There is content that the file does not declare",
    Severity.MEDIUM,
    ("CWE-506",),
    ("AML.T0018.002",),
    (
        "Bytes before, between or behind the declared content belong to nothing. Loaders ignore "
        "them, so another program can use them unseen.",
        "an archive appended to an array",
        "Compare with a copy from the original author.",
    ),
)
PATH_ESCAPE = _rule(
    "path-escape",
    "A name or link leads out of the model's folder",
    Severity.HIGH,
    ("CWE-22", "CWE-59", "CWE-73"),
    ("AML.T0010.003",),
    (
        "Extracting or loading the file touches paths outside the folder it is meant for.",
        "a member named ../../.bashrc",
        "Do not extract the file.",
    ),
    ("CVE-2007-4559",),
)
SAFETENSORS_LAYOUT = _rule(
    "safetensors-layout",
    "The safetensors header breaks the format's rules",
    Severity.MEDIUM,
    ("CWE-20", "CWE-345"),
    ("AML.T0074",),
    (
        "The reference reader refuses this file, others may not: overlaps, holes, duplicate keys "
        "or sizes that do not fit.",
        "two tensors with the same span",
        "Ask for a file written by the safetensors library.",
    ),
)
TORCH_STRUCTURE = _rule(
    "torch-structure",
    "Tensors and storages of the checkpoint do not fit together",
    Severity.HIGH,
    ("CWE-787", "CWE-125"),
    ("AML.T0011.000", "AML.T0076"),
    (
        "The pickle describes tensors that reach beyond their storage, storages that are missing "
        "or of another size, or records that nothing uses. Older torch trusts these numbers.",
        "a tensor of a billion elements over a storage of four",
        "Do not load the file; use torch 2.10 or later.",
    ),
    ("CVE-2026-24747",),
)
SKOPS_NODE = _rule(
    "skops-node",
    "A node of the skops schema does what nodes of its kind never do",
    Severity.HIGH,
    ("CWE-470", "CWE-502"),
    ("AML.T0011.000",),
    (
        "A method or operator node names something that leads out of the model.",
        "a MethodNode for __reduce__",
        "Do not load the file; use skops 0.13 or later.",
    ),
    ("CVE-2025-54412", "CVE-2025-54413"),
)
FOREIGN_REQUIREMENTS = _rule(
    "foreign-requirements",
    "It makes the server install packages from elsewhere",
    Severity.HIGH,
    ("CWE-829", "CWE-494"),
    ("AML.T0010.001",),
    (
        "The archive's list of requirements names another package index, an address without TLS, "
        "or a file to fetch. The server installs it before the model is used.",
        "--index-url http://192.0.2.1/simple in requirements.txt",
        "Install the requirements yourself, from the ordinary index.",
    ),
)

RULES = (
    READER_DISAGREEMENT,
    HIDDEN_CONTENT,
    PATH_ESCAPE,
    SAFETENSORS_LAYOUT,
    TORCH_STRUCTURE,
    SKOPS_NODE,
    FOREIGN_REQUIREMENTS,
)
