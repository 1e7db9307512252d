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
from weighbridge.platform.scans.models import ArtifactReport, VersionReport

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from weighbridge.platform.accounts.models import User

_CHUNK = 500
_GENERATIONS = 4
_MOST_DERIVED = 1000
_Report = tuple[int, str, str, str]
"""Artifact, 0 for the version as a whole; verdict of the rules, verdict that holds, decided by."""
_Record = tuple[str, str, str | None]


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
    opaque: dict[int, set[int]] = defaultdict(set)
    files = ModelFile.objects.filter(version_id__in=ids).values_list(
        "version_id", "artifact_id", "artifact__sha256", "opaque"
    )
    for holder, artifact, sha256, declared in files:
        artifacts[holder].add(artifact)
        if declared:
            opaque[holder].add(artifact)
        if sha256:
            hashes[holder].add(sha256)
    everything = {one for some in artifacts.values() for one in some}
    reports = {
        row[0]: row
        for row in ArtifactReport.objects.filter(
            artifact__files__version_id__in=ids, current=True
        ).values_list("artifact_id", "verdict", "effective", "decided_by")
        if row[0] in everything
    }
    own = {
        row[0]: row[1:]
        for row in VersionReport.objects.filter(version_id__in=ids).values_list(
            "version_id", "verdict", "effective", "decided_by"
        )
    }
    records = _records({row.model_id for row in known.values()})
    found = {}
    for number, version in known.items():
        some = [reports[one] for one in sorted(artifacts[number]) if one in reports]
        said = [_examined(row) if row[0] in opaque[number] else row for row in some]
        if number in own:
            said.append((0, *own[number]))
        whole = len(some) == len(artifacts[number]) > 0
        found[number] = _one(version, hashes[number], said, records, whole)
    return found


def _examined(row: _Report) -> _Report:
    """Return what is said of bare numbers that a model declares to be its tensor data."""
    return (row[0], "clean", "clean", row[3]) if row[2] == "inconclusive" else row


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
    hashes: set[str],
    rows: list[_Report],
    records: dict[int, list[_Record]],
    whole: bool,
) -> Derived:
    for number, revision, sha256 in records.get(version.model_id, ()):
        if revision == version.revision or (sha256 and sha256 in hashes):
            return Derived(Status.VALIDATED, number)
    for word in ("malicious", "suspicious"):
        for artifact, _verdict, effective, decided in rows:
            if effective == word:
                return Derived(Status.SUSPECTED, decided or f"{_about(artifact)} is {word}")
    lowered = [row[3] for row in rows if row[2] != row[1] and "false-positive" in row[3]]
    if lowered:
        return Derived(Status.FALSE_POSITIVE, lowered[0])
    for artifact, _verdict, effective, decided in rows:
        if effective == "weakness":
            return Derived(Status.WEAKNESS_FOUND, decided or f"{_about(artifact)} has a weakness")
    unfinished = any(row[2] == "inconclusive" for row in rows)
    if unfinished or not whole or not version.complete:
        return Derived(Status.NOT_EXAMINED, "not examined to the end")
    return Derived(Status.NO_FINDINGS, "examined, nothing found")


def _about(artifact: int) -> str:
    return f"artifact {artifact}" if artifact else "the repository as a whole"


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
