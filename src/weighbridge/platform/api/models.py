"""Models, their versions and files, and what could not be examined."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.api.access import AUTHENTICATED, actor
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.catalog import selectors
from weighbridge.platform.catalog.models import (
    Model,
    ModelFile,
    ModelVersion,
    Provider,
    Status,
)
from weighbridge.platform.catalog.recognising import recognised
from weighbridge.platform.publications.boms import MEDIA_TYPE, bom_of
from weighbridge.platform.scans.models import ArtifactReport, VersionReport
from weighbridge.platform.scans.selectors import inconclusive as inconclusive_reports

router = Router(tags=["models"], auth=AUTHENTICATED)


class ModelFilter(Paging):
    """Which models to list."""

    provider: Provider | None = None
    status: Status | None = None
    q: str = Field("", max_length=200)


class ModelOut(Schema):
    """A model."""

    id: int
    provider: str
    name: str
    author: str
    downloads: int
    likes: int
    licence: str
    library: str
    gated: bool
    private: bool
    last_change: datetime | None
    restricted: bool
    created_at: datetime


class ModelPage(Schema):
    """A page of models."""

    items: list[ModelOut]
    next: str | None


class VersionOut(Schema):
    """A version of a model."""

    id: int
    model: int
    revision: str
    status: str
    cause: str | None = None
    complete: bool
    created_at: datetime


class VersionPage(Schema):
    """A page of versions."""

    items: list[VersionOut]
    next: str | None


def shown(model: Model) -> dict[str, Any]:
    """Return a model as plain data."""
    names = ModelOut.model_fields.keys() - {"id"}
    return {"id": model.pk, **{name: getattr(model, name) for name in names}}


def version_shown(version: ModelVersion, cause: str | None = None) -> dict[str, Any]:
    """Return a version as plain data."""
    return {
        "id": version.pk,
        "model": version.model_id,
        "revision": version.revision,
        "status": version.status,
        "cause": cause,
        "complete": version.complete,
        "created_at": version.created_at,
    }


@router.get("/models", response=ModelPage, summary="List models")
def listed(request: HttpRequest, query: Query[ModelFilter]) -> dict[str, Any]:
    """List models by name or provider, or those with a version of some status."""
    rows = selectors.models_visible_to(actor(request, Action.LOOK_UP))
    if query.provider is not None:
        rows = rows.filter(provider=query.provider)
    if query.q:
        rows = rows.filter(name__icontains=query.q)
    if query.status is not None:
        rows = rows.filter(versions__status=query.status).distinct()
    return page(rows, query, ("-id",), shown)


@router.get("/models/{int:number}", response=ModelOut, summary="One model")
def one(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return a model."""
    model = selectors.models_visible_to(actor(request, Action.LOOK_UP)).filter(pk=number).first()
    if model is None:
        raise NotFound(f"there is no model {number}")
    return shown(model)


@router.get("/models/{int:number}/versions", response=VersionPage, summary="Versions of a model")
def versions(request: HttpRequest, number: int, query: Query[Paging]) -> dict[str, Any]:
    """List the versions of a model with their status."""
    user = actor(request, Action.LOOK_UP)
    if not selectors.models_visible_to(user).filter(pk=number).exists():
        raise NotFound(f"there is no model {number}")
    rows = selectors.versions_visible_to(user).filter(model=number)
    return page(rows, query, ("-id",), version_shown)


@router.get("/versions/{int:number}", summary="One version with its files")
def version(request: HttpRequest, number: int, query: Query[Paging]) -> dict[str, Any]:
    """Return a version, the cause of its status, and a page of its files.

    `recognised_as` are models of hubs with the same weights, for a folder or an upload.
    """
    visible = selectors.versions_visible_to(actor(request, Action.LOOK_UP))
    row = visible.filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no version {number}")
    files = ModelFile.objects.filter(version=row).select_related("artifact")
    found = page(files, query, ("id",), lambda file: {"file": file})
    reports = {
        report.artifact_id: report
        for report in ArtifactReport.objects.filter(
            current=True, artifact__in=[item["file"].artifact_id for item in found["items"]]
        ).defer("findings", "coverage")
    }
    found["items"] = [
        _file(item["file"], reports.get(item["file"].artifact_id)) for item in found["items"]
    ]
    whole = VersionReport.objects.filter(version=row).values("effective", "verdict", "decided_by")
    same = [
        {"version": one.pk, "provider": one.model.provider, "name": one.model.name,
         "revision": one.revision}
        for one in recognised(row, visible)
    ]  # fmt: skip
    together = {"together": whole.first(), "recognised_as": same, "files": found}
    return {**version_shown(row, selectors.status(row).cause), **together}


@router.get("/versions/{int:number}/bom", summary="A version as a bill of materials")
def bom(request: HttpRequest, number: int) -> HttpResponse:
    """Return a version in CycloneDX 1.6: files, libraries, vulnerabilities, open cases."""
    row = selectors.versions_visible_to(actor(request, Action.LOOK_UP)).filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no version {number}")
    return HttpResponse(bom_of(row), content_type=MEDIA_TYPE)


@router.get("/inconclusive", summary="Artifacts not examined to the end")
def inconclusive(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List what could not be examined to its end; none of it counts as clean."""
    rows = inconclusive_reports(actor(request, Action.READ_QUEUE))
    return page(rows, query, ("-id",), _unfinished)


def _unfinished(report: ArtifactReport) -> dict[str, Any]:
    return {
        "artifact": report.artifact_id,
        "sha256": report.artifact.sha256,
        "size": report.artifact.size,
        "format": report.artifact.format or None,
        "notes": report.coverage.get("notes", []),
        "scanned_at": report.scanned_at,
    }


def _file(file: ModelFile, report: ArtifactReport | None) -> dict[str, Any]:
    """Return a file with what its content is; `together` has what only all files show."""
    declared = file.opaque and report is not None and report.verdict == "inconclusive"
    return {
        "path": file.path,
        "role": file.role,
        "size": file.artifact.size,
        "sha256": file.artifact.sha256,
        "sha256_source": file.artifact.sha256_source,
        "format": file.artifact.format or None,
        "verdict": "clean" if declared else report.effective if report else None,
        "defender_verdict": "clean" if declared else report.verdict if report else None,
        "decided_by": (report.decided_by or "defender") if report else None,
    }
