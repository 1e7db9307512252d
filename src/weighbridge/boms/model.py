"""A model as a bill of materials names it, whatever it is made from: a scan, or a registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weighbridge.findings.libraries import Library
from weighbridge.findings.model import BaseModel, ScanReport

EXPLOITABLE, IN_TRIAGE = "exploitable", "in_triage"
FALSE_POSITIVE = "false_positive"


@dataclass(frozen=True, slots=True)
class BomFile:
    """A file of a model; `facts` are names and values for tools that know them."""

    path: str
    sha256: str | None
    size: int
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BomAdvisory:
    """A WS or MSC about a model, with its state of analysis (VEX).

    Attributes:
        state: `exploitable` for a published one, `in_triage` for an open case, `false_positive`.
        paths: files that it names; the whole model without any.
    """

    id: str
    title: str
    severity: str
    state: str = EXPLOITABLE
    cwes: tuple[int, ...] = ()
    url: str = ""
    issuer: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BomModel:
    """One model.

    Attributes:
        name: `org/name`, `owner/model/framework/variation`, or the name of a folder or file.
        card: keys and values of its model card.
        facts: of the model itself, such as its verdict.
    """

    provider: str
    name: str
    version: str | None
    files: tuple[BomFile, ...] = ()
    libraries: tuple[Library, ...] = ()
    advisories: tuple[BomAdvisory, ...] = ()
    base_models: tuple[BaseModel, ...] = ()
    licence: str | None = None
    card: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def of_report(report: ScanReport) -> BomModel:
    """Return the model that a scan is about."""
    known = report.model
    card = dict(report.card)
    bases = tuple(BaseModel(text, None) for key, text in report.card if key == "base_model")
    files = tuple(
        BomFile(
            one.path,
            one.sha256,
            one.size,
            {"verdict": one.verdict.value, "format": one.format or "unknown", "role": one.role},
        )
        for one in report.files
    )
    facts = {"verdict": report.verdict.value, "target": report.target}
    if report.knowledge is not None and report.knowledge.newest:
        facts["vulnerability-data"] = report.knowledge.newest
    return BomModel(
        provider=report.provider,
        name=known.id if known is not None else report.target,
        version=report.revision,
        files=files,
        libraries=report.libraries,
        advisories=tuple(_advisories(report)),
        base_models=known.base_models if known is not None and known.base_models else bases,
        licence=known.license if known is not None and known.license else card.get("license"),
        card=report.card,
        facts=facts,
    )


def _advisories(report: ScanReport) -> list[BomAdvisory]:
    found: dict[str, BomAdvisory] = {}
    for finding in report.findings:
        for name in finding.advisories:
            before = found.get(name)
            paths = (*(before.paths if before is not None else ()), finding.path)
            cwes = tuple(int(one[4:]) for one in finding.cwe if one[4:].isdigit())
            found[name] = BomAdvisory(
                name,
                before.title if before is not None else finding.title,
                before.severity if before is not None else finding.severity.value,
                cwes=tuple(dict.fromkeys((*(before.cwes if before is not None else ()), *cwes))),
                paths=tuple(dict.fromkeys(paths)),
            )
    return list(found.values())
