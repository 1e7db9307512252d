"""Rules about computation graphs: operators, files they name, and structure."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.graphs import ExternalData, Operator
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.foreign_paths import foreign
from weighbridge.rules.graph_loaders import LOADERS
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.onnx_domains import onnx_operator
from weighbridge.tables.tensorflow import registered
from weighbridge.text.escaping import visible

_SHOWN = 8
# No tensor ends 16 TiB into a file.
_FURTHEST = 1 << 44


def _onnx(file: FileFacts) -> list[Operator]:
    return [f for f in file.of(Operator) if isinstance(f, Operator) and f.format == "onnx"]


def _python_operators(file: FileFacts) -> Iterable[Finding]:
    for fact in _onnx(file):
        row = onnx_operator(fact.domain, fact.name)
        if row is None or row.kind == "ordinary":
            continue
        shown = visible(f"{fact.domain}::{fact.name}", 200)
        called = [value for key, value in fact.arguments if key == "calls"]
        code = f"{shown}({', '.join(visible(repr(name), 200) for name in called)})"
        effect = effect_row(row.effect)
        yield ONNX_OPERATOR.finding(
            kind=Kind(row.kind),
            severity=Severity.HIGH if row.kind == "malicious" else Severity.MEDIUM,
            title=f"Its graph {effect.phrase} ({shown})",
            member=fact.member,
            offset=fact.offset,
            evidence={
                "code": code,
                "symbols": [shown],
                "effects": [row.effect],
                "why": [row.reason],
                "where": visible(fact.where, 200),
                "count": fact.count,
            },
            loaders=LOADERS["onnx"],
        )


def _custom_domains(file: FileFacts) -> Iterable[Finding]:
    """One finding for all operators of an unknown domain."""
    domains: dict[tuple[str | None, str], list[Operator]] = {}
    for fact in _onnx(file):
        if fact.role != "local" and onnx_operator(fact.domain, fact.name) is None:
            domains.setdefault((fact.member, fact.domain), []).append(fact)
    for (member, domain), facts in domains.items():
        names = [symbol_name(domain, fact.name) for fact in facts]
        yield CUSTOM_OPERATOR.finding(
            title=f"It needs operators of the domain {visible(domain, 80)}, which is not known",
            member=member,
            offset=facts[0].offset,
            evidence={"symbols": names[:_SHOWN], "count": sum(fact.count for fact in facts)},
            loaders=("onnxruntime.InferenceSession with a library of custom operators",),
        )


def _custom_operators(file: FileFacts) -> Iterable[Finding]:
    """One finding for all operators that TensorFlow does not have."""
    found: dict[tuple[str | None, str], list[Operator]] = {}
    for fact in file.of(Operator):
        if (
            isinstance(fact, Operator)
            and fact.format.startswith("tensorflow")
            and fact.role != "local"
            and not registered(fact.name)
        ):
            found.setdefault((fact.member, fact.format), []).append(fact)
    for (member, name), facts in found.items():
        names = [visible(fact.name, 80) for fact in facts]
        yield CUSTOM_OPERATOR.finding(
            title=f"It needs operators that TensorFlow does not have ({', '.join(names[:3])})",
            member=member,
            offset=facts[0].offset,
            evidence={"symbols": names[:_SHOWN], "count": sum(fact.count for fact in facts)},
            loaders=LOADERS.get(name, ()),
        )


def _custom(file: FileFacts) -> Iterable[Finding]:
    yield from _custom_domains(file)
    yield from _custom_operators(file)


def _external(file: FileFacts) -> Iterable[Finding]:
    for fact in file.of(ExternalData):
        if not isinstance(fact, ExternalData):
            continue
        reason = foreign(fact.location)
        why = [f"the location {reason}"] if reason else []
        why += list(fact.odd)
        if fact.lowest < 0:
            why.append(f"the offset {fact.lowest} is negative")
        if fact.furthest > _FURTHEST:
            why.append(f"the data ends at {fact.furthest}")
        if not why:
            continue
        shown = visible(fact.location, 200)
        title = f"Tensor data is read from outside the model's folder ({shown})"
        yield EXTERNAL_DATA.finding(
            title=title if reason else "Its references to external data are forged",
            member=fact.member,
            offset=fact.offset,
            evidence={
                "code": f"external_data: location={visible(repr(fact.location), 300)}",
                "symbols": [shown],
                "effects": ["file_read"] if reason else [],
                "why": [visible(text, 200) for text in why[:_SHOWN]],
                "tensor": visible(fact.tensor, 100),
                "count": fact.count,
            },
            loaders=LOADERS.get(fact.format, LOADERS["onnx"]),
        )


def _structure(file: FileFacts) -> Iterable[Finding]:
    formats = dict.fromkeys(one.format for group in file.anomalies.values() for one in group)
    loaders = tuple(loader for name in formats for loader in LOADERS.get(name, ()))
    return anomaly_findings(file, GRAPH_STRUCTURE, loaders)


ONNX_OPERATOR = Rule(
    id="onnx-python-operator",
    title="An operator of the graph calls Python",
    kind=Kind.MALICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Operator",),
    cwe=("CWE-94", "CWE-829"),
    atlas=("AML.T0011.000", "AML.T0018.001"),
    description="A node asks the runtime to call a Python function of the host by its name. Such "
    "operators exist for experiments and for training; no exported model needs them. Nodes of "
    "subgraphs, local functions and training graphs count as much as those of the main graph.",
    example="a node PyOp of the domain ai.onnx.contrib",
    remediation="Do not run the model; above all, register no library of custom operators for it.",
    references=(),
    apply=_python_operators,
)
CUSTOM_OPERATOR = Rule(
    id="custom-operator",
    title="It needs operators that are not known",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Operator",),
    cwe=("CWE-829",),
    atlas=("AML.T0010.001",),
    description="Nodes of the graph belong to no operator set that is known. The model runs only "
    "together with a native library that brings them, and whoever runs it has to trust that too.",
    example="a node of the domain my.company",
    remediation="Find out which library brings these operators, and whether you trust it.",
    references=(),
    apply=_custom,
)
EXTERNAL_DATA = Rule(
    id="external-data-escape",
    title="Tensor data is read from outside the model's folder",
    kind=Kind.MALICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("ExternalData",),
    cwe=("CWE-22", "CWE-73", "CWE-915"),
    atlas=("AML.T0010.003",),
    description="The data of a tensor is said to stand in a file outside the model's folder, or "
    "the entry has keys and numbers that no writer produces. Loaders read that file into the "
    "model, from where it can leave the machine; forged keys reach into older loaders themselves.",
    example="external_data with location ../../../etc/passwd",
    remediation="Do not load the file; of its loaders onnx alone refuses it, from 1.22 on.",
    references=(
        "CVE-2022-25882",
        "CVE-2024-27318",
        "CVE-2026-27489",
        "CVE-2026-34445",
    ),
    apply=_external,
)
GRAPH_STRUCTURE = Rule(
    id="graph-structure",
    title="The structure of the graph does not fit together",
    kind=Kind.SUSPICIOUS,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Anomaly",),
    cwe=("CWE-20", "CWE-125", "CWE-190"),
    atlas=("AML.T0029", "AML.T0074"),
    description="Shapes, sizes, offsets or fields are not what a converter writes. Native "
    "runtimes trust many of these numbers, and fields of another format are a way to be taken "
    "for two things at once.",
    example="a tensor of 2^60 elements with four bytes of data",
    remediation="Do not load the file; ask its author to export it again.",
    references=("CVE-2026-42627",),
    apply=_structure,
)

RULES = (ONNX_OPERATOR, CUSTOM_OPERATOR, EXTERNAL_DATA, GRAPH_STRUCTURE)
