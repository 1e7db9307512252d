"""Models as a CycloneDX 1.6 ML-BOM.

The library knows no model cards: they are put into what it has serialised, and so are files, of
which there can be very many. A reference that points
nowhere is seen by no validator, so all references come from one place here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.impact_analysis import (
    ImpactAnalysisAffectedStatus,
    ImpactAnalysisState,
)
from cyclonedx.model.license import License
from cyclonedx.model.vulnerability import (
    BomTarget,
    BomTargetVersionRange,
    Vulnerability,
    VulnerabilityAnalysis,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilitySeverity,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from weighbridge import __version__
from weighbridge.boms.model import BomAdvisory, BomModel
from weighbridge.boms.purls import model_purl
from weighbridge.findings.libraries import Library
from weighbridge.findings.libraries import Vulnerability as Known

_NAMESPACE = uuid.UUID("6f0a6f52-3a55-4a38-9c8c-1f4c2f6f7e10")
_PREFIX = "weighbridge:"
_SHOWN_RELATIONS = ("declared", "needs", "installed")
_SOURCES = (
    ("CVE-", "NVD", "https://nvd.nist.gov/vuln/detail/"),
    ("GHSA-", "GitHub Advisory Database", "https://github.com/advisories/"),
    ("PYSEC-", "PyPA Advisory Database", "https://osv.dev/vulnerability/"),
)


def render(models: Sequence[BomModel]) -> str:
    """Return models as one ML-BOM with a line end; the same models give the same text."""
    bom = Bom()
    vulnerabilities: dict[str, Vulnerability] = {}
    more: dict[str, dict[str, Any]] = {}
    libraries: dict[tuple[str, str | None], Component] = {}
    for number, model in enumerate(models, 1):
        reference = f"model-{number}"
        component = _model(model, reference)
        bom.components.add(component)
        more[reference] = {"modelCard": _card(model)}
        if model.files:
            more[reference]["components"] = list(_files(model, reference))
        needed = []
        for library in model.libraries:
            if library.relation in _SHOWN_RELATIONS:
                shown = _library(library, libraries, bom)
                needed += [shown] if library.relation != "installed" else []
                for one in library.vulnerabilities:
                    _library_vulnerability(one, library, shown, vulnerabilities)
        bom.register_dependency(component, needed)
        for advisory in model.advisories:
            _advisory(advisory, model, component, vulnerabilities)
    for vulnerability in vulnerabilities.values():
        bom.vulnerabilities.add(vulnerability)
    bom.metadata.tools.components.add(
        Component(name="weighbridge", version=__version__, type=ComponentType.APPLICATION)
    )
    return _finished(bom, more)


def _finished(bom: Bom, more: dict[str, dict[str, Any]]) -> str:
    value = json.loads(JsonV1Dot6(bom).output_as_string())
    for component in value.get("components", ()):
        component |= more.get(component.get("bom-ref"), {})
    value["metadata"].pop("timestamp", None)
    value.pop("serialNumber", None)
    digest = json.dumps(value, sort_keys=True)
    value["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest)}"
    return json.dumps(value, indent=2) + "\n"


def _model(model: BomModel, reference: str) -> Component:
    owner, _, name = model.name.rstrip("/").rpartition("/")
    local = model.provider == "local"
    component = Component(
        name=_text(name or model.name),
        group=_text(owner) if owner and not local else None,
        version=model.version,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=reference,
        purl=model_purl(model.provider, model.name, model.version),
        licenses=[_licence(model.licence)] if model.licence else None,
        properties=_properties(model),
    )
    if model.base_models:
        component.pedigree = Pedigree(ancestors=_ancestors(model))
    return component


def _files(model: BomModel, reference: str) -> Iterator[dict[str, Any]]:
    """Yield the files as the schema has them: the library needs a millisecond for each."""
    for number, file in enumerate(model.files, 1):
        facts = {**file.facts, "size": str(file.size)}
        one: dict[str, Any] = {
            "bom-ref": f"{reference}/file-{number}",
            "type": "file",
            "name": _text(file.path),
        }
        if file.sha256:
            one["hashes"] = [{"alg": "SHA-256", "content": file.sha256}]
        one["properties"] = [
            {"name": _PREFIX + name, "value": _text(value)} for name, value in facts.items()
        ]
        yield one


def _properties(model: BomModel) -> list[Property]:
    facts = [
        Property(name=_PREFIX + name, value=_text(value)) for name, value in model.facts.items()
    ]
    saved = [one for one in model.libraries if one.relation == "saved-with"]
    facts += [
        Property(name=f"{_PREFIX}saved-with", value=_text(f"{one.name} {one.version}"))
        for one in saved
    ]
    return facts


def _ancestors(model: BomModel) -> Iterable[Component]:
    for base in model.base_models:
        owner, _, name = base.id.rpartition("/")
        yield Component(
            name=_text(name or base.id),
            group=_text(owner) or None,
            type=ComponentType.MACHINE_LEARNING_MODEL,
            purl=model_purl("huggingface", base.id),
            description=base.relation,
        )


def _licence(text: str) -> License:
    return LicenseFactory().make_from_string(_text(text)[:200])


def _card(model: BomModel) -> dict[str, Any]:
    """Return the model card as far as something is known (schema 1.6, `modelCard`)."""
    parameters: dict[str, Any] = {}
    known = dict(model.card)
    if task := known.get("pipeline_tag"):
        parameters["task"] = _text(task)
    datasets = [text for key, text in model.card if key == "datasets"]
    if datasets:
        parameters["datasets"] = [{"type": "dataset", "name": _text(one)} for one in datasets]
    formats = sorted({file.facts["format"] for file in model.files if file.facts.get("format")})
    properties = [{"name": f"{_PREFIX}format", "value": _text(one)} for one in formats]
    card: dict[str, Any] = {"modelParameters": parameters} if parameters else {}
    if properties:
        card["properties"] = properties
    return card


def _library(
    library: Library, known: dict[tuple[str, str | None], Component], bom: Bom
) -> Component:
    key = (library.name, library.version)
    if key not in known:
        version = f"@{library.version}" if library.version else ""
        known[key] = Component(
            name=_text(library.name),
            version=library.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"pypi/{library.name}{version}",
            purl=PackageURL("pypi", None, library.name, library.version),
        )
        bom.components.add(known[key])
    return known[key]


def _library_vulnerability(
    one: Known, library: Library, shown: Component, known: dict[str, Vulnerability]
) -> None:
    key = f"{one.id}/{library.name}@{library.version}"
    if key in known:
        return
    source = _source(one.id)
    known[key] = Vulnerability(
        bom_ref=key,
        id=one.id,
        source=source,
        references=[VulnerabilityReference(id=name, source=_source(name)) for name in one.aliases],
        ratings=[_rating(one.severity, one.score)],
        description=_text(one.summary) or None,
        recommendation=_text(f"Update to {', '.join(one.fixed_in)}") if one.fixed_in else None,
        analysis=_library_analysis(one),
        affects=[_target(shown.bom_ref.value, library.version)],
        properties=[
            Property(name=f"{_PREFIX}impact", value=one.impact),
            Property(name=f"{_PREFIX}impact-reason", value=_text(one.impact_reason)),
        ],
    )


def _library_analysis(one: Known) -> VulnerabilityAnalysis:
    """A file that carries the attack makes it exploitable; of others nobody has said anything.

    That no file of such a kind is there would rest on words of the record, and on the one version.
    """
    if one.carried_by:
        detail = _text(f"carried by {', '.join(one.carried_by)}")
        return VulnerabilityAnalysis(state=ImpactAnalysisState.EXPLOITABLE, detail=detail)
    return VulnerabilityAnalysis(state=ImpactAnalysisState.IN_TRIAGE)


def _advisory(
    one: BomAdvisory, model: BomModel, component: Component, known: dict[str, Vulnerability]
) -> None:
    reference = component.bom_ref.value
    named = [
        f"{reference}/file-{number}"
        for number, file in enumerate(model.files, 1)
        if file.path in one.paths
    ]
    url = XsUri(one.url) if one.url else None
    known[f"{reference}/{one.id}"] = Vulnerability(
        bom_ref=f"{reference}/{one.id}",
        id=one.id,
        source=VulnerabilitySource(name=one.issuer or "Weighbridge", url=url),
        ratings=[_rating(one.severity, None)],
        cwes=one.cwes,
        description=_text(one.title),
        analysis=VulnerabilityAnalysis(state=ImpactAnalysisState(one.state)),
        affects=[
            _target(reference, model.version),
            *(_target(name, None) for name in named),
        ],
    )


def _rating(severity: str, score: float | None) -> VulnerabilityRating:
    levels = {level.value for level in VulnerabilitySeverity}
    level = VulnerabilitySeverity(severity if severity in levels else "unknown")
    if score is None:
        return VulnerabilityRating(severity=level)
    return VulnerabilityRating(severity=level, score=Decimal(str(score)))


def _target(reference: str | None, version: str | None) -> BomTarget:
    affected = ImpactAnalysisAffectedStatus.AFFECTED
    versions = [BomTargetVersionRange(version=version, status=affected)] if version else None
    return BomTarget(ref=reference or "", versions=versions)


def _source(identifier: str) -> VulnerabilitySource:
    for prefix, name, address in _SOURCES:
        if identifier.startswith(prefix):
            return VulnerabilitySource(name=name, url=XsUri(address + identifier))
    return VulnerabilitySource(name="OSV")


def _text(text: str) -> str:
    """Return text as Unicode: what is none in a file's name becomes an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
