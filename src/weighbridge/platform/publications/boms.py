"""A model version as a bill of materials: files, libraries, and what is known against it."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q

from weighbridge.boms.model import (
    EXPLOITABLE,
    FALSE_POSITIVE,
    IN_TRIAGE,
    BomAdvisory,
    BomFile,
    BomModel,
)
from weighbridge.boms.writing import render
from weighbridge.findings.model import BaseModel
from weighbridge.platform.advisories.content import severity
from weighbridge.platform.advisories.models import IN_FORCE, Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.cases.models import RANKS, Case, CaseState, Decision
from weighbridge.platform.catalog.models import ModelVersion
from weighbridge.platform.publications.osv import published
from weighbridge.platform.scans.needed import needed

MEDIA_TYPE = "application/vnd.cyclonedx+json; version=1.6"
_SEVERITIES = {
    RANKS["malicious"]: "critical",
    RANKS["suspicious"]: "high",
    RANKS["weakness"]: "medium",
}


def bom_of(version: ModelVersion) -> str:
    """Return the bill of materials of a version, in CycloneDX 1.6.

    Raises:
        StoreError: the imported records cannot be read.
    """
    found = needed(version)
    model = version.model
    files = [
        BomFile(
            file.path,
            file.artifact.sha256,
            file.artifact.size,
            {"format": file.artifact.format or "unknown", "role": file.role},
        )
        for file in version.files.select_related("artifact").order_by("path")
    ]
    facts = {"status": version.status}
    if found.knowledge is not None:
        facts["vulnerability-data"] = found.knowledge.newest
    return render(
        [
            BomModel(
                provider=model.provider,
                name=model.name,
                version=version.revision,
                files=tuple(files),
                libraries=found.libraries,
                advisories=(*_advisories(version, files), *_cases(version)),
                base_models=tuple(
                    BaseModel(one.parent_name, one.relation) for one in model.parents.order_by("pk")
                ),
                licence=model.licence or None,
                card=found.card,
                facts=facts,
            )
        ]
    )


def _advisories(version: ModelVersion, files: list[BomFile]) -> Iterator[BomAdvisory]:
    """Yield the advisories in force that name this version, or the content of one of its files."""
    digests = {file.sha256 for file in files if file.sha256}
    rows = Advisory.objects.filter(model=version.model, state__in=IN_FORCE)
    for item in published(rows):
        target = item.content.target
        paths = [
            file.path
            for file in target.files
            if file.revision == version.revision or (file.sha256 and file.sha256 in digests)
        ]
        if version.revision in target.revisions or paths:
            number = bare(item.advisory)
            yield BomAdvisory(
                id=number,
                title=item.content.title,
                severity=severity(item.content).lower().replace("moderate", "medium"),
                state=EXPLOITABLE,
                cwes=tuple(int(one[4:]) for one in item.content.cwe if one[4:].isdigit()),
                url=f"{settings.WEIGHBRIDGE_URL}/advisories/{number}",
                issuer=settings.WEIGHBRIDGE_ISSUER,
                paths=tuple(paths),
            )


def _cases(version: ModelVersion) -> Iterator[BomAdvisory]:
    """Yield what people look into, and what they found to be none; no evidence of either."""
    here = Q(occurrences__version=version) | Q(
        occurrences__version__isnull=True, occurrences__artifact__files__version=version
    )
    said = ~Q(state=CaseState.DECIDED) | Q(decision=Decision.FALSE_POSITIVE)
    rows = Case.objects.filter(here, said, occurrences__live=True).distinct().order_by("pk")
    for case in rows:
        decided = case.state == CaseState.DECIDED
        yield BomAdvisory(
            id=f"case-{case.pk}",
            title=case.title,
            severity=_SEVERITIES.get(case.rank, "unknown"),
            state=FALSE_POSITIVE if decided else IN_TRIAGE,
            issuer=settings.WEIGHBRIDGE_ISSUER,
        )
