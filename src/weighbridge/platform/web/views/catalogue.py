"""Models: looking for one, and everything that is known about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from pydantic import ValidationError

from weighbridge.libraries.store import StoreError
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed, refusal, require
from weighbridge.platform.advisories.models import PUBLIC
from weighbridge.platform.api import models as models_api
from weighbridge.platform.api.pages import page
from weighbridge.platform.audit.errors import NotFound, RegistryError
from weighbridge.platform.catalog import selectors
from weighbridge.platform.catalog.models import Model, ModelVersion, Provider, Status
from weighbridge.platform.catalog.recognising import recognised
from weighbridge.platform.notices import services as notices
from weighbridge.platform.notices.selectors import is_followed
from weighbridge.platform.scans import selectors as scans
from weighbridge.platform.scans.needed import needed
from weighbridge.platform.web.coverage import WORDS, covered
from weighbridge.platform.web.session import person
from weighbridge.reports.json_report import library_object

_ROWS = 50
_FILES = 200
_READ_AT_ONCE = 50
"""Of so many files the kept facts are unpacked for libraries unasked."""


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.LOOK_UP)
    given = {name: value for name, value in request.GET.items() if value}
    try:
        query = models_api.ModelFilter(**{"limit": _ROWS, **given})  # type: ignore[arg-type]
    except ValidationError:
        return redirect("/models")
    rows = selectors.models_visible_to(user)
    if query.provider is not None:
        rows = rows.filter(provider=query.provider)
    if query.q:
        rows = rows.filter(name__icontains=query.q)
    if query.status is not None:
        rows = rows.filter(versions__status=query.status).distinct()
    found = page(rows.prefetch_related("versions"), query, ("-id",), lambda row: {"row": row})
    context = {
        "models": [item["row"] for item in found["items"]],
        "next": found["next"],
        "given": given,
        "statuses": [status.value for status in Status],
        "providers": [provider.value for provider in Provider],
    }
    return render(request, "weighbridge/models.html", context)


@require_safe
def model(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    require(user, Action.LOOK_UP)
    row = selectors.models_visible_to(user).filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no model {number}")
    rows = selectors.versions_visible_to(user).filter(model=row)
    versions = list(rows.order_by("-pk")[:_ROWS])
    newest = versions[0] if versions else None
    files = _files(user, row, newest) if newest else []
    told = "libraries" in request.GET or len(files) <= _READ_AT_ONCE
    context = {
        "model": row,
        "versions": versions,
        "versions_total": rows.count(),
        "newest": newest,
        "derived": selectors.status(newest) if newest else None,
        "recognised": recognised(newest, selectors.versions_visible_to(user)) if newest else [],
        "files": [(file, covered(file)) for file in files[:_FILES]],
        "coverage_words": WORDS,
        "files_total": len(files),
        "libraries": _libraries(newest) if newest and told else [],
        "libraries_told": told,
        "advisories": row.advisories.filter(state__in=PUBLIC).order_by("-pk")[:_ROWS],
        "parents": row.parents.order_by("parent_name")[:_ROWS],
        "children": selectors.derived_from(row)[:_ROWS],
        "followed": is_followed(user, row.pk),
        "cannot": {action.name: refusal(action) for action in Action},
    }
    return render(request, "weighbridge/model.html", context)


def _files(user: User, row: Model, version: ModelVersion) -> list[dict[str, Any]]:
    evidence = allowed(user, Action.READ_EVIDENCE) or not row.restricted
    return scans.report_on(version, evidence=evidence)


def _libraries(version: ModelVersion) -> list[dict[str, Any]] | None:
    """Return the libraries that a version needs, with what is known of them today."""
    try:
        return [library_object(one) for one in needed(version).libraries]
    except StoreError:
        return None


_WORDS = {"follow": notices.follow, "unfollow": notices.unfollow}


@require_POST
def follow(request: HttpRequest, number: int, word: str) -> HttpResponse:
    user = person(request)
    if word not in _WORDS:
        raise Http404
    try:
        _WORDS[word](user, number)
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect(f"/models/{number}")
