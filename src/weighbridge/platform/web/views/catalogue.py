"""Models, scans, hunts and webhooks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from ninja.errors import HttpError
from pydantic import ValidationError

from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.advisories.models import PUBLIC
from weighbridge.platform.api import models as models_api
from weighbridge.platform.api import scans as scans_api
from weighbridge.platform.api.hunting import HuntIn
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.api.scan_reports import report_of
from weighbridge.platform.api.uploads import REFUSED
from weighbridge.platform.audit.errors import NotFound, RegistryError
from weighbridge.platform.catalog import selectors
from weighbridge.platform.catalog.models import Provider, Status
from weighbridge.platform.publications import webhooks
from weighbridge.platform.publications.events import Kind
from weighbridge.platform.publications.models import Webhook
from weighbridge.platform.scans import hunts
from weighbridge.platform.scans import selectors as scans
from weighbridge.platform.web.session import person

_ROWS = 50
_FILES = 500


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
    versions = list(selectors.versions_visible_to(user).filter(model=row).order_by("-pk")[:_ROWS])
    newest = versions[0] if versions else None
    evidence = allowed(user, Action.READ_EVIDENCE) or not row.restricted
    context = {
        "model": row,
        "versions": versions,
        "newest": newest,
        "derived": selectors.status(newest) if newest else None,
        "files": scans.report_on(newest, evidence=evidence)[:_FILES] if newest else [],
        "advisories": row.advisories.filter(state__in=PUBLIC).order_by("-pk"),
        "parents": row.parents.order_by("parent_name"),
        "children": selectors.derived_from(row),
    }
    return render(request, "weighbridge/model.html", context)


@require_http_methods(["GET", "POST"])
def scan_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.REQUEST_SCAN)
    if request.method == "POST":
        try:
            if request.FILES or request.META.get(REFUSED):
                scan = scans_api.receive_form(user, request)
            else:
                scan = scans_api.ask(user, str(request.POST.get("target", "")).strip())
            return redirect(f"/scans/{scan.pk}")
        except (HttpError, RegistryError) as error:
            messages.error(request, f"Nothing is scanned: {error}")
    cursor = str(request.GET.get("cursor", ""))[:400]
    found = page(
        scans.visible_to(user),
        Paging(limit=_ROWS, cursor=cursor),
        ("-id",),
        lambda row: {"row": row},
    )
    context = {"scans": [item["row"] for item in found["items"]], "next": found["next"]}
    return render(request, "weighbridge/scans.html", context)


@require_safe
def scan(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    require(user, Action.REQUEST_SCAN)
    row = scans_api.find(user, number)
    context: dict[str, Any] = {"scan": row}
    if row.version is not None and row.state not in ("queued", "running"):
        evidence = allowed(user, Action.READ_EVIDENCE) or not row.version.model.restricted
        context["report"] = report_of(row, row.version, evidence)
    return render(request, "weighbridge/scan.html", context)


@require_http_methods(["GET", "POST"])
def hunt_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.HUNT)
    if request.method == "POST":
        given = {name: str(request.POST.get(name, "")) for name in ("kind", "text")}
        try:
            body = HuntIn(**given, open_cases="open_cases" in request.POST)  # type: ignore[arg-type]
            hunts.hunt(user, body.kind, body.text, open_cases=body.open_cases)
            return redirect("/hunts")
        except (ValidationError, RegistryError) as error:
            messages.error(request, f"Nothing was looked for: {str(error)[:200]}")
    return render(request, "weighbridge/hunts.html", {"hunts": scans.hunts(user)[:_ROWS]})


@require_http_methods(["GET", "POST"])
def webhook_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.MANAGE_WEBHOOKS)
    context: dict[str, Any] = {}
    if request.method == "POST":
        url = str(request.POST.get("url", "")).strip()
        try:
            context["made"] = webhooks.create(user, url, request.POST.getlist("kinds"))
        except RegistryError as error:
            messages.error(request, f"No webhook was made: {error}.")
    hooks = Webhook.objects.order_by("-pk")
    context["hooks"] = [(hook, _newest(hook)) for hook in hooks[:_ROWS]]
    context["kinds"] = [kind.value for kind in Kind if kind is not Kind.TEST]
    response = render(request, "weighbridge/webhooks.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _newest(hook: Webhook) -> list[Any]:
    return list(hook.deliveries.order_by("-pk").prefetch_related("log")[:10])


@require_POST
def webhook_act(request: HttpRequest, number: int, word: str) -> HttpResponse:
    user = person(request)
    if word == "test":
        outcome = webhooks.test(user, number)
        messages.info(request, outcome.error or f"Accepted with {outcome.status}.")
    elif word in ("on", "off"):
        webhooks.switch(user, number, word == "on")
    return redirect("/webhooks")
