"""Writing a revision: the one row that says what an advisory says from now on."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.advisories.content import AdvisoryContent, checked
from weighbridge.platform.advisories.models import Advisory, AffectedFile, Revision
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Conflict, Refused
from weighbridge.platform.catalog.models import PATH_LENGTH, Model, ModelVersion
from weighbridge.platform.catalog.services import refresh


def write(
    advisory: Advisory, content: AdvisoryContent, author: User, at: datetime | None = None
) -> Revision:
    """Write the next revision of an advisory, in the caller's transaction.

    Raises:
        Refused: the content breaks a rule, or speaks of something else than the advisory does.
        Conflict: it was made from another revision than the last one.
    """
    content = checked(content)
    last = advisory.revision
    if content.revision != last + 1:
        raise Conflict(f"{bare(advisory)} has revision {last} by now; look at it again")
    target = content.target
    if (content.kind, content.id) != (advisory.kind, bare(advisory)):
        raise Refused(f"this is the content of {content.id}, not of {bare(advisory)}")
    if (target.ecosystem, target.name, target.purl) != (
        advisory.ecosystem,
        advisory.name,
        advisory.purl,
    ):
        raise Refused(f"{bare(advisory)} is about {advisory.name}; another target needs a number")
    revision = Revision.objects.create(
        advisory=advisory,
        kind=advisory.kind,
        number=content.revision,
        content=content.to_json(),
        sha256=content.sha256,
        files_total=len(target.files),
        author=author,
        created_at=at or timezone.now(),
    )
    advisory.revision = revision.number
    advisory.save(update_fields=["revision"])
    AffectedFile.objects.bulk_create(_files(advisory, revision, content), batch_size=500)
    return revision


def _files(advisory: Advisory, revision: Revision, content: AdvisoryContent) -> list[AffectedFile]:
    return [
        AffectedFile(
            revision=revision,
            advisory=advisory,
            model_revision=file.revision,
            path=storable(file.path, PATH_LENGTH),
            sha256=file.sha256,
            size=file.size,
        )
        for file in content.target.files
    ]


def latest(advisory: Advisory) -> AdvisoryContent | None:
    """Return what an advisory says now; None when nothing is published."""
    row = advisory.revisions.order_by("-number").first()
    return None if row is None else AdvisoryContent.from_json(row.content)


def refresh_model(model: Model | None, cause: str) -> None:
    """Bring the status of a model's versions up to date after its advisories changed."""
    if model is not None:
        versions = ModelVersion.objects.filter(model=model).values_list("pk", flat=True)
        refresh(list(versions), cause)
