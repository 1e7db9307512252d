"""Scans: asking for one, watching it, and what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh
from ninja.errors import HttpError

from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.api import scans as api
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.api.scan_reports import report_of
from weighbridge.platform.api.uploads import REFUSED
from weighbridge.platform.audit.errors import RegistryError
from weighbridge.platform.scans import selectors, services
from weighbridge.platform.scans.models import Scan
from weighbridge.platform.web.coverage import WORDS, covered
from weighbridge.platform.web.proof import marked
from weighbridge.platform.web.session import person

_ROWS = 50
_FINDINGS = 100
_FILES = 200
_LIVE = ("queued", "running")


@require_http_methods(["GET", "POST"])
def scan_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.REQUEST_SCAN)
    target = str(request.GET.get("target", ""))[:1024]
    if request.method == "POST":
        target = str(request.POST.get("target", "")).strip()
        try:
            if request.FILES or request.META.get(REFUSED):
                scan = api.receive_form(user, request)
            else:
                scan = api.ask(user, target, "deep" in request.POST)
            return redirect(f"/scans/{scan.pk}")
        except (HttpError, RegistryError) as error:
            messages.error(request, f"Nothing is scanned: {error}")
    cursor = str(request.GET.get("cursor", ""))[:400]
    found = page(
        selectors.visible_to(user),
        Paging(limit=_ROWS, cursor=cursor),
        ("-id",),
        lambda row: {"row": row},
    )
    context = {
        "scans": [item["row"] for item in found["items"]],
        "next": found["next"],
        "target": target,
    }
    return render(request, "weighbridge/scans.html", context)


@require_safe
def scan(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    require(user, Action.REQUEST_SCAN)
    row = api.find(user, number)
    context: dict[str, Any] = {"scan": row, "live": row.state in _LIVE, **_progress(row)}
    if row.version is not None and row.state not in _LIVE:
        evidence = allowed(user, Action.READ_EVIDENCE) or not row.version.model.restricted
        report = report_of(row, row.version, evidence)
        context |= {
            "report": report,
            # A parser may read a byte more than once.
            "bytes_read": sum(
                min(file["size"], file["coverage"]["bytes_read"]) for file in report["files"]
            ),
            "findings": [
                (one, marked(one["evidence"].get("code") or "", one["evidence"].get("symbols", ())))
                for one in report["findings"][:_FINDINGS]
            ],
            "files": [(file, covered(file)) for file in report["files"][:_FILES]],
            "coverage_words": WORDS,
            "files_total": len(report["files"]),
        }
    return render(request, "weighbridge/scan.html", context)


@require_safe
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """Answer the part of the page that changes; once the scan is over, have all of it loaded."""
    user = person(request)
    require(user, Action.REQUEST_SCAN)
    row = api.find(user, number)
    if row.state not in _LIVE:
        return HttpResponseClientRefresh()
    context = {"scan": row, "live": True, **_progress(row)}
    return render(request, "weighbridge/scan_progress.html", context)


def _progress(row: Scan) -> dict[str, Any]:
    total = row.files_total
    ahead = Scan.objects.filter(state="queued", priority__gte=row.priority, pk__lt=row.pk)
    return {
        "left": None if total is None else max(0, total - row.files_done),
        "ahead": ahead.count() if row.state == "queued" else 0,
    }


_WORDS = {"cancel": services.cancel, "again": services.requeue}


@require_POST
def act(request: HttpRequest, number: int, word: str) -> HttpResponse:
    user = person(request)
    if word not in _WORDS:
        raise Http404
    try:
        _WORDS[word](user, number)
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect(f"/scans/{number}")
