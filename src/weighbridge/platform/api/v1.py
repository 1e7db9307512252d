"""The API, put together."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from weighbridge import __version__
from weighbridge.platform.api import (
    administration,
    advisories,
    cases,
    hunting,
    inventories,
    lookup,
    models,
    problems,
    reports,
    review,
    scans,
)
from weighbridge.platform.api.access import AUTHENTICATED
from weighbridge.platform.api.docs import PlainDocs

api = problems.DescribedAPI(
    title="Weighbridge API",
    version=__version__,
    description="Scans, models, cases and advisories. What is open to everybody says so.",
    docs=PlainDocs(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
problems.install(api)

_artifacts = Router(tags=["models"], auth=AUTHENTICATED)


@_artifacts.get("/artifacts/{sha256}", summary="What is known about a content")
def artifact(request: HttpRequest, sha256: str) -> HttpResponse:
    """Return verdict, status and advisories of the content with this SHA-256, with an ETag.

    Served by a plain view on a shorter way; this entry documents it.
    """
    return lookup.artifact(request, sha256)


for _router in (
    scans.router,
    models.router,
    _artifacts,
    cases.router,
    review.router,
    hunting.router,
    advisories.router,
    reports.router,
    inventories.router,
    administration.router,
):
    api.add_router("", _router)


def docs(request: HttpRequest) -> Any:
    """Answer the page of the API."""
    return PlainDocs().render_page(request, api)
