"""Rules about operators of TensorFlow graphs that reach outside the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weighbridge.facts.graphs import ForeignText, Operator
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.foreign_paths import foreign, remote
from weighbridge.rules.graph_loaders import LOADERS
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.tensorflow import TensorFlowOperator, operator
from weighbridge.text.escaping import visible

_SHOWN = 8
_ADDRESSED = ("address", "stream")
_FILES = ("path", "saver", "table")
# Without a name these stay in memory; the types of the process itself are no file.
_HARMLESS_EMPTY = ("CacheDataset", "CacheDatasetV2", "DecodeProtoV2", "EncodeProto")
_OWN = ("local://", "bytes://")


def _touching(file: FileFacts) -> Iterator[tuple[Operator, TensorFlowOperator]]:
    for fact in file.of(Operator):
        if isinstance(fact, Operator) and fact.format.startswith("tensorflow"):
            row = operator(fact.name)
            if row is not None:
                yield fact, row


def _judged(fact: Operator) -> list[str]:
    """Return the operands that say what is touched, without those that are only shown."""
    return [value for label, value in fact.arguments if not label.startswith("+")]


def _reasons(fact: Operator, row: TensorFlowOperator) -> list[tuple[str, str]]:
    """Return the operands that lead outside, each with the reason."""
    values = _judged(fact)
    if row.judge == "stream":
        return [(v, "is a file") for v in values if v.lower().startswith("file:")]
    if row.judge == "address":
        return [(v, foreign(v) or "is an address") for v in values if v]
    if row.judge in _FILES:
        return [(value, reason) for value in values if (reason := foreign(value)) is not None]
    return []


def _code(fact: Operator) -> str:
    parts = [f"{label.lstrip('+@')}={visible(repr(value), 300)}" for label, value in fact.arguments]
    return f"{visible(fact.name, 80)}({', '.join(parts[:_SHOWN])}{'' if fact.resolved else ', …'})"


def _finding(rule: Rule, fact: Operator, row: TensorFlowOperator, **changes: object) -> Finding:
    evidence: dict[str, object] = {
        "code": _code(fact),
        "symbols": [fact.name],
        "effects": changes.pop("effects", [row.effect]),
        "why": changes.pop("why", [row.reason]),
        "where": visible(fact.where, 300),
        "count": fact.count,
    }
    cwe = tuple(one for one in effect_row(row.effect).cwe if one != "CWE-502")
    return rule.finding(
        member=fact.member,
        offset=fact.offset,
        evidence=evidence,
        loaders=LOADERS.get(fact.format, ()),
        cwe=(*cwe, *(("CWE-918",) if "network" in str(evidence["effects"]) else ())),
        **changes,
    )


def _foreign(file: FileFacts) -> Iterable[Finding]:
    for fact, row in _touching(file):
        reasons = _reasons(fact, row)
        if not reasons and not (fact.hidden and row.judge in _FILES):
            continue
        effects = [row.effect]
        if any(remote(value) for value, _reason in reasons):
            effects.append("network")
        why = [visible(f"{value} {reason}", 250) for value, reason in reasons[:_SHOWN]]
        if fact.hidden:
            why.append("the graph is hidden in a constant of another one")
        # A vocabulary with a path of its author's machine is a mistake that honest people make.
        local = all(reason == "is an absolute path" for _value, reason in reasons)
        if fact.role == "asset" and row.judge == "table" and local:
            # The loader feeds the asset's own path instead.
            continue
        careless = (row.judge == "table" or fact.role == "asset") and local and not fact.hidden
        shown = f": {visible(reasons[0][0], 120)}" if reasons else ""
        yield _finding(
            FOREIGN_PATH,
            fact,
            row,
            title=f"Its graph {row.phrase} outside the model ({fact.name}{shown})",
            effects=effects,
            why=why,
            **({"kind": Kind.SUSPICIOUS, "severity": Severity.MEDIUM} if careless else {}),
        )


def _always(file: FileFacts) -> Iterable[Finding]:
    for fact, row in _touching(file):
        if row.judge == "always":
            title = f"An operator of its graph {row.phrase} ({fact.name})"
            yield _finding(NEVER_SAVED, fact, row, title=title)


def _possible(file: FileFacts) -> Iterable[Finding]:
    """One finding for each operator whose target is harmless or is not known."""
    texts = [
        visible(fact.value, 200)
        for fact in file.of(ForeignText)
        if isinstance(fact, ForeignText) and foreign(fact.value)
    ]
    seen: set[tuple[str | None, str]] = set()
    for fact, row in _touching(file):
        key = (fact.member, fact.name)
        if key in seen or not _open(fact, row):
            continue
        seen.add(key)
        changes: dict[str, object] = {}
        if texts and not fact.resolved and row.judge == "path":
            changes = {
                "kind": Kind.SUSPICIOUS,
                "severity": Severity.MEDIUM,
                "why": [f"what it touches is computed, and a constant holds {texts[0]}"],
            }
        title = f"An operator of its graph {row.phrase} ({fact.name})"
        yield _finding(FILE_OPERATOR, fact, row, title=title, **changes)


def _open(fact: Operator, row: TensorFlowOperator) -> bool:
    """Say whether an operator is worth a word although nothing foreign is named."""
    if fact.hidden and row.judge in _FILES or _reasons(fact, row):
        return False
    if row.judge in ("possible", "graph"):
        return True
    if row.judge in _ADDRESSED:
        return row.judge == "address"
    if fact.role or row.judge not in _FILES:
        return False
    values = _judged(fact)
    if fact.resolved and not any(value for value in values if not value.startswith(_OWN)):
        return row.name not in _HARMLESS_EMPTY
    return row.judge != "table" or not fact.resolved


def _assets(file: FileFacts) -> Iterable[Finding]:
    for fact in file.metadata:
        reason = foreign(fact.value) if fact.key == "asset" else None
        if reason is None or not fact.format.startswith("tensorflow"):
            continue
        yield ASSET_ESCAPE.finding(
            title=f"An asset lies outside the model's folder ({visible(fact.value, 120)})",
            member=fact.member,
            evidence={
                "code": f"asset_file_def: filename={visible(repr(fact.value), 300)}",
                "symbols": [visible(fact.value, 200)],
                "effects": ["file_read"],
                "why": [f"the name {reason}"],
            },
            loaders=LOADERS.get(fact.format, ()),
        )


def _rule(
    identifier: str,
    title: str,
    grade: tuple[Kind, Severity, Confidence],
    texts: tuple[str, str, str],
    apply: object,
    references: tuple[str, ...] = (),
) -> Rule:
    description, example, remediation = texts
    kind, severity, confidence = grade
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=confidence,
        since="0.2.0",
        state="stable",
        facts=("Operator", "ForeignText", "Metadata"),
        cwe=("CWE-73",),
        atlas=("AML.T0011.000", "AML.T0018.001"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,  # type: ignore[arg-type]
    )


FOREIGN_PATH = _rule(
    "tensorflow-foreign-path",
    "An operator of the graph touches files or machines outside the model",
    (Kind.MALICIOUS, Severity.HIGH, Confidence.HIGH),
    (
        "An operator reads, writes or connects to something that the graph itself names: an "
        "absolute path, one that leaves the folder, another machine. Initialisers and restore "
        "functions run when a SavedModel is loaded, the rest when it is called. Paths are "
        "followed through joins, decoders, functions and graphs inside constants. Suspicious for "
        "a table whose vocabulary has an absolute path.",
        "WriteFile('/root/.bashrc', …) in a function of the library",
        "Do not load the model. If it was loaded, look for what it wrote and sent.",
    ),
    _foreign,
)
NEVER_SAVED = _rule(
    "tensorflow-python-operator",
    "An operator of the graph does not belong in a saved model",
    (Kind.SUSPICIOUS, Severity.MEDIUM, Confidence.HIGH),
    (
        "The graph calls a Python function of the process, ends the process or changes its "
        "settings. Saved models have no use for that: a Python function exists only in the "
        "process that made the graph.",
        "a node EagerPyFunc",
        "Ask the author for a model without such operators.",
    ),
    _always,
)
FILE_OPERATOR = _rule(
    "tensorflow-file-operator",
    "An operator of the graph reaches beyond the model",
    (Kind.WEAKNESS, Severity.LOW, Confidence.MEDIUM),
    (
        "The graph can read or write files, connect, or run a graph that is data, and nothing "
        "says that it touches anything foreign. What it touches may depend on the caller. "
        "Suspicious when that is computed and a constant of the graph holds a foreign path.",
        "ReadFile on an input of the model",
        "Look at what the model is given, and run it where it can reach nothing else.",
    ),
    _possible,
)
ASSET_ESCAPE = _rule(
    "tensorflow-asset-escape",
    "An asset of the SavedModel lies outside its folder",
    (Kind.MALICIOUS, Severity.HIGH, Confidence.HIGH),
    (
        "The loader joins the name of an asset to the model's folder and hands the path to the "
        "graph; this name leads out of the folder.",
        "an asset named ../../../etc/passwd",
        "Do not load the model.",
    ),
    _assets,
)

RULES = (FOREIGN_PATH, NEVER_SAVED, FILE_OPERATOR, ASSET_ESCAPE)
