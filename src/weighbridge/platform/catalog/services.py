"""Writing down what models, versions, files and contents there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from weighbridge.platform.audit.canonical import canonical, sha256, storable
from weighbridge.platform.catalog.models import (
    NAME_LENGTH,
    PATH_LENGTH,
    Artifact,
    ContentKey,
    Lineage,
    Model,
    ModelFile,
    ModelVersion,
    ProviderVerdict,
    StatusChange,
)
from weighbridge.platform.catalog.selectors import Derived, derive


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a provider says about a model."""

    author: str = ""
    downloads: int = 0
    likes: int = 0
    licence: str = ""
    library: str = ""
    gated: bool = False
    private: bool = False
    restricted: bool = False
    last_change: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where content was seen, which stands in for its hash as long as nobody computed one."""

    endpoint: str
    model: str
    revision: str
    path: str
    size: int
    etag: str


def record_model(provider: str, name: str, facts: ModelFacts | None = None) -> Model:
    """Return the model, written down or brought up to date. `facts` None leaves it as it is."""
    name = storable(name, NAME_LENGTH)
    if facts is None:
        return Model.objects.get_or_create(provider=provider, name=name)[0]
    values = {
        "author": storable(facts.author, 200),
        "downloads": facts.downloads,
        "likes": facts.likes,
        "licence": storable(facts.licence, 100),
        "library": storable(facts.library, 100),
        "gated": facts.gated,
        "private": facts.private,
        "restricted": facts.restricted or facts.gated or facts.private,
        "last_change": facts.last_change,
    }
    return Model.objects.update_or_create(provider=provider, name=name, defaults=values)[0]


def record_version(model: Model, revision: str) -> ModelVersion:
    """Return the version of a model, written down if it was not."""
    return ModelVersion.objects.get_or_create(model=model, revision=storable(revision, 100))[0]


def record_lineage(child: Model, parents: Mapping[str, str]) -> None:
    """Write down what a model declares now to be made from: relation by name of the parent."""
    named = {storable(parent, NAME_LENGTH): relation for parent, relation in parents.items()}
    for parent, relation in named.items():
        Lineage.objects.get_or_create(child=child, parent_name=parent, relation=relation)
    for row in Lineage.objects.filter(child=child):
        if named.get(row.parent_name) != row.relation:
            row.delete()


def content_key(place: Place, declared: str | None) -> str:
    """Return what stands in for a hash that nobody computed.

    Args:
        place: where content was seen.
        declared: its SHA-256 as the provider says, which counts at that endpoint alone.
    """
    if declared is not None:
        return "declared:" + sha256(canonical([place.endpoint, declared, place.size]))
    words = [place.endpoint, place.model, place.revision, place.path, place.size, place.etag]
    return "place:" + sha256(canonical(words))


def remember_content(key: str, artifact: Artifact) -> None:
    """Note under which key an artifact was fetched."""
    ContentKey.objects.update_or_create(key=key, defaults={"artifact": artifact})


def record_artifact(
    place: Place, *, computed: str | None = None, declared: str | None = None, format: str = ""
) -> Artifact:
    """Return the artifact with this content.

    Args:
        place: where it was seen.
        computed: its SHA-256 if we computed it.
        declared: its SHA-256 as the provider says, which identifies nothing.
        format: what its bytes are.
    """
    key = computed or content_key(place, declared)
    artifact, _ = Artifact.objects.get_or_create(
        key=key,
        defaults={
            "sha256": computed or declared,
            "sha256_source": "computed" if computed else "declared" if declared else None,
            "size": place.size,
            "format": format,
        },
    )
    if format and artifact.format != format:
        artifact.format = format
        artifact.save(update_fields=["format"])
    return artifact


def record_file(version: ModelVersion, path: str, artifact: Artifact, role: str) -> ModelFile:
    """Return the file of a version, holding `artifact` from now on."""
    return ModelFile.objects.update_or_create(
        version=version,
        path=storable(path, PATH_LENGTH),
        defaults={"artifact": artifact, "role": role},
    )[0]


def record_provider_verdicts(file: ModelFile, said: Iterable[tuple[str, str, str]]) -> None:
    """Write down what the provider's scanners say now: scanner, status and more about it."""
    ProviderVerdict.objects.filter(file=file).delete()
    ProviderVerdict.objects.bulk_create(
        (
            ProviderVerdict(
                file=file,
                scanner=storable(scanner, 60),
                status=storable(status, 60),
                text=storable(text, 300),
            )
            for scanner, status, text in said
        ),
        ignore_conflicts=True,
    )


def refresh(versions: Iterable[int], cause: str) -> dict[int, Derived]:
    """Bring the copies of the derived status up to date, and write down what changed and why."""
    derived = derive(versions)
    changes = []
    for version in ModelVersion.objects.filter(pk__in=derived).order_by("pk"):
        now = derived[version.pk]
        if version.status == now.status:
            continue
        text = storable(f"{cause}: {now.cause}" if cause else now.cause, 200)
        changes.append(
            StatusChange(version=version, before=version.status, after=now.status, cause=text)
        )
        ModelVersion.objects.filter(pk=version.pk).update(status=now.status)
    StatusChange.objects.bulk_create(changes)
    return derived


def refresh_artifacts(artifacts: Iterable[int], cause: str) -> None:
    """Bring the status of every version up to date that holds one of these artifacts."""
    ids = list(artifacts)
    for start in range(0, len(ids), 500):
        versions = (
            ModelFile.objects.filter(artifact_id__in=ids[start : start + 500])
            .values_list("version_id", flat=True)
            .distinct()
        )
        refresh(list(versions), cause)
