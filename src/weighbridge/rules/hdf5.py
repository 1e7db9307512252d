"""Rules about HDF5 files: what reading one brings in from elsewhere, and broken structure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from weighbridge.facts.keras import Hdf5Reference
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.foreign_paths import foreign, remote
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.text.escaping import visible

_SHOWN = 8
_WHAT = {
    "external-link": "a link",
    "external-storage": "a dataset",
    "virtual-dataset": "a virtual dataset",
    "user-link": "a link of a kind that needs a plug-in",
}
_CODES = {
    "external-link": "h5py.ExternalLink({file!r}, {inner!r})",
    "external-storage": "create_dataset(external=[({file!r}, ...)])",
    "virtual-dataset": "h5py.VirtualSource({file!r}, {inner!r})",
    "user-link": "user-defined link {file!r}",
}


def _references(file: FileFacts) -> list[Hdf5Reference]:
    return [fact for fact in file.facts if isinstance(fact, Hdf5Reference)]


def _within(fact: Hdf5Reference) -> bool:
    """A virtual dataset may take its parts from the file itself."""
    return fact.how == "virtual-dataset" and fact.target in (".", "")


def _external(file: FileFacts) -> Iterable[Finding]:
    """One finding for each kind of reference and each file that it names."""
    groups: dict[tuple[str | None, str, str], list[Hdf5Reference]] = defaultdict(list)
    for fact in _references(file):
        if fact.how in _WHAT and not _within(fact):
            groups[fact.member, fact.how, fact.target].append(fact)
    for facts in list(groups.values())[:50]:
        yield _reference(facts)


def _reference(facts: list[Hdf5Reference]) -> Finding:
    first = facts[0]
    target = visible(first.target, 200)
    why = foreign(first.target)
    kind = Kind.WEAKNESS
    if first.weights:
        kind = Kind.MALICIOUS
    elif why is not None or first.how == "user-link":
        kind = Kind.SUSPICIOUS
    reasons = ["weights of Keras are complete in one file"] if first.weights else []
    return EXTERNAL.finding(
        kind=kind,
        severity=Severity.HIGH if kind is Kind.MALICIOUS else Severity.MEDIUM,
        title=f"Reading it opens another file: {_WHAT[first.how]} leads to {target}",
        member=first.member,
        offset=first.offset,
        evidence={
            "code": _CODES[first.how].format(file=target, inner=visible(first.inner, 200)),
            "symbols": [f"{first.how}: {target}"],
            "why": reasons + ([f"the path {why}"] if why else []),
            "effects": ["network" if remote(first.target) else "file_read"],
            "details": [visible(fact.path, 200) for fact in facts[:_SHOWN]],
            "count": len(facts),
        },
        loaders=first.loaders,
    )


def _within_file(file: FileFacts) -> Iterable[Finding]:
    found = [fact for fact in _references(file) if _within(fact) and fact.weights]
    if found:
        yield EXTERNAL.finding(
            title="Its weights are virtual datasets, which Keras refuses since 3.13.2",
            member=found[0].member,
            offset=found[0].offset,
            evidence={
                "symbols": ["virtual-dataset"],
                "details": [visible(fact.path, 200) for fact in found[:_SHOWN]],
                "count": len(found),
            },
            loaders=found[0].loaders,
        )


def _outside(file: FileFacts) -> Iterable[Finding]:
    yield from _external(file)
    yield from _within_file(file)


def _filters(file: FileFacts) -> Iterable[Finding]:
    found = [fact for fact in _references(file) if fact.how == "filter"]
    names = sorted({visible(fact.target, 80) for fact in found})
    if names:
        yield FILTER.finding(
            title=f"Reading it needs a filter plug-in: {', '.join(names[:3])}",
            member=found[0].member,
            offset=found[0].offset,
            evidence={
                "symbols": names[:_SHOWN],
                "details": [visible(fact.path, 200) for fact in found[:_SHOWN]],
                "count": len(found),
            },
            loaders=found[0].loaders,
        )


def _broken(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, STRUCTURE, ("keras.models.load_model", "h5py.File"))


def _rule(
    identifier: str,
    title: str,
    usual: tuple[Kind, Severity, tuple[str, ...]],
    texts: tuple[str, str, str],
    references: tuple[str, ...],
    apply: Callable[[FileFacts], Iterable[Finding]],
) -> Rule:
    description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=usual[0],
        severity=usual[1],
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Hdf5Reference", "Anomaly"),
        cwe=usual[2],
        atlas=("AML.T0011.000",),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )


EXTERNAL = _rule(
    "hdf5-external-file",
    "Reading the HDF5 file opens another file",
    (Kind.WEAKNESS, Severity.MEDIUM, ("CWE-73", "CWE-200")),
    (
        "External links, external storage and virtual datasets make the library read other files "
        "of the machine into the model. Malicious in weights of Keras, which never need them; "
        "suspicious elsewhere when the path leads out of the folder.",
        "kernel -> ExternalLink('/etc/passwd', '/')",
        "Do not load the file, and do not save what was loaded from it.",
    ),
    ("CVE-2026-1669", "CVE-2026-9335", "CVE-2026-12480"),
    _outside,
)
FILTER = _rule(
    "hdf5-filter",
    "Reading the HDF5 file needs a filter plug-in",
    (Kind.WEAKNESS, Severity.LOW, ("CWE-829",)),
    (
        "A dataset is packed with a filter that HDF5 does not contain. The library loads a shared "
        "object from its plug-in path to read it.",
        "filter 32001 (blosc)",
        "Install plug-ins only from packages that you trust.",
    ),
    (),
    _filters,
)
STRUCTURE = _rule(
    "hdf5-structure",
    "The HDF5 structure is built in a way that no writer uses",
    (Kind.SUSPICIOUS, Severity.MEDIUM, ("CWE-789", "CWE-400", "CWE-787")),
    (
        "Datasets that declare far more than the file stores, so that reading one exhausts the "
        "memory; structures that lead back to themselves, outside the file, or into each other.",
        "a dataset of 10**15 elements with no data behind it",
        "Do not load the file.",
    ),
    ("CVE-2026-0897", "CVE-2026-12570"),
    _broken,
)

RULES = (EXTERNAL, FILTER, STRUCTURE)
