"""Reading the catalogue, and deriving what the status of a version is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet

from weighbridge.platform.accounts.permissions import Action, allowed
from weighbridge.platform.advisories.models import IN_FORCE, AffectedFile
from weighbridge.platform.catalog.models import Lineage, Model, ModelFile, ModelVersion, Status
from weighbridge.platform.scans.models import ArtifactReport

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from weighbridge.platform.accounts.models import User

_CHUNK = 500
_GENERATIONS = 4
_MOST_DERIVED = 1000


@dataclass(frozen=True, slots=True)
class Derived:
    """A status and what it follows from."""

    status: Status
    cause: str


@dataclass(frozen=True, slots=True)
class DerivedModel:
    """A model that was made from another, directly or through others."""

    provider: str
    name: str
    relation: str


def models_visible_to(user: User | AnonymousUser) -> QuerySet[Model]:
    """Return the models that `user` may see: restricted ones are for researchers and requesters."""
    if allowed(user, Action.READ_EVIDENCE):
        return Model.objects.all()
    visible = Q(restricted=False)
    if user.is_authenticated:
        visible |= Q(versions__scans__requested_by=user.pk)
    return Model.objects.filter(visible).distinct()


def versions_visible_to(user: User | AnonymousUser) -> QuerySet[ModelVersion]:
    """Return the versions of models that `user` may see."""
    if allowed(user, Action.READ_EVIDENCE):
        return ModelVersion.objects.all()
    return ModelVersion.objects.filter(model__in=models_visible_to(user))


def status(version: ModelVersion) -> Derived:
    """Return what is known about a version now, with its cause."""
    return derive([version.pk])[version.pk]


def derive(versions: Iterable[int]) -> dict[int, Derived]:
    """Return what is known about each version: a fixed number of queries per 500 of them."""
    ids = sorted(set(versions))
    found: dict[int, Derived] = {}
    for start in range(0, len(ids), _CHUNK):
        found |= _derive(ids[start : start + _CHUNK])
    return found


def _derive(ids: list[int]) -> dict[int, Derived]:
    known = {row.pk: row for row in ModelVersion.objects.filter(pk__in=ids)}
    artifacts: dict[int, set[int]] = defaultdict(set)
    hashes: dict[int, set[str]] = defaultdict(set)
    files = ModelFile.objects.filter(version_id__in=ids).values_list(
        "version_id", "artifact_id", "artifact__sha256"
    )
    for version, artifact, sha256 in files:
        artifacts[version].add(artifact)
        if sha256:
            hashes[version].add(sha256)
    everything = {one for some in artifacts.values() for one in some}
    reports = {
        row[0]: row
        for row in ArtifactReport.objects.filter(
            artifact__files__version_id__in=ids, current=True
        ).values_list("artifact_id", "verdict", "effective", "decided_by")
        if row[0] in everything
    }
    records = _records({row.model_id for row in known.values()})
    return {
        number: _one(version, artifacts[number], hashes[number], reports, records)
        for number, version in known.items()
    }


_Report = tuple[int, str, str, str]
_Record = tuple[str, str, str | None]


def _records(models: set[int]) -> dict[int, list[_Record]]:
    """Return for each model what its advisories in force name: number, revision, hash."""
    found: dict[int, list[_Record]] = defaultdict(list)
    rows = AffectedFile.objects.filter(
        advisory__model_id__in=models,
        advisory__state__in=IN_FORCE,
        revision__number=F("advisory__revision"),
    ).values_list(
        "advisory__model_id",
        "advisory__kind",
        "advisory__year",
        "advisory__number",
        "model_revision",
        "sha256",
    )
    for model, kind, year, number, revision, sha256 in rows:
        if model is not None:
            found[model].append((f"{kind}-{year}-{number:04d}", revision, sha256))
    return found


def _one(
    version: ModelVersion,
    artifacts: set[int],
    hashes: set[str],
    reports: dict[int, _Report],
    records: dict[int, list[_Record]],
) -> Derived:
    for number, revision, sha256 in records.get(version.model_id, ()):
        if revision == version.revision or (sha256 and sha256 in hashes):
            return Derived(Status.VALIDATED, number)
    rows = [reports[one] for one in sorted(artifacts) if one in reports]
    for word in ("malicious", "suspicious"):
        for artifact, _verdict, effective, decided in rows:
            if effective == word:
                return Derived(Status.SUSPECTED, decided or f"artifact {artifact} is {word}")
    lowered = [row[3] for row in rows if row[2] != row[1] and "false-positive" in row[3]]
    if lowered:
        return Derived(Status.FALSE_POSITIVE, lowered[0])
    for artifact, _verdict, effective, decided in rows:
        if effective == "weakness":
            return Derived(Status.WEAKNESS_FOUND, decided or f"artifact {artifact} has a weakness")
    unfinished = any(row[2] == "inconclusive" for row in rows) or len(rows) < len(artifacts)
    if unfinished or not artifacts or not version.complete:
        return Derived(Status.NOT_EXAMINED, "not examined to the end")
    return Derived(Status.NO_FINDINGS, "examined, nothing found")


def derived_from(model: Model) -> list[DerivedModel]:
    """Return the models made from this one: children, their children, to a bounded depth."""
    found: dict[tuple[str, str], DerivedModel] = {}
    names = {model.name}
    for _ in range(_GENERATIONS):
        rows = (
            Lineage.objects.filter(parent_name__in=names, child__restricted=False)
            .exclude(child=model)
            .order_by("child__provider", "child__name", "relation")
            .values_list("child__provider", "child__name", "relation")[:_MOST_DERIVED]
        )
        fresh = {(row[0], row[1]): DerivedModel(*row) for row in rows}
        names = {name for provider, name in fresh if (provider, name) not in found}
        found = fresh | found
        if not names:
            break
    return [found[key] for key in sorted(found)]
