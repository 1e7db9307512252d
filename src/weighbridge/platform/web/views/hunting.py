"""Hunts: asking everything that was ever scanned."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from pydantic import ValidationError

from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.api.hunting import HuntIn
from weighbridge.platform.audit.errors import NotFound, RegistryError
from weighbridge.platform.scans import hunts, selectors
from weighbridge.platform.scans.hunt_results import counted, results
from weighbridge.platform.web.session import person

_ROWS = 50


@require_http_methods(["GET", "POST"])
def hunt_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.HUNT)
    source = request.POST if request.method == "POST" else request.GET
    given = {name: str(source.get(name, ""))[:300] for name in ("kind", "text")}
    if request.method == "POST":
        try:
            body = HuntIn(**given, open_cases="open_cases" in request.POST)  # type: ignore[arg-type]
            row = hunts.hunt(user, body.kind, body.text, open_cases=body.open_cases)
            return redirect(f"/hunts/{row.pk}")
        except (ValidationError, RegistryError) as error:
            messages.error(request, f"Nothing was looked for: {str(error)[:200]}")
    counts = counted(given["kind"], given["text"]) if given["text"] else None
    context = {"hunts": selectors.hunts(user)[:_ROWS], "given": given, "counts": counts}
    if request.headers.get("HX-Request"):
        return render(request, "weighbridge/hunt_counts.html", context)
    return render(request, "weighbridge/hunts.html", context)


@require_safe
def hunt(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    require(user, Action.HUNT)
    row = selectors.hunts(user).filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no hunt {number}")
    live = row.state in ("queued", "running")
    context = {"hunt": row, "live": live, "groups": results(row.kind, row.text)}
    if request.headers.get("HX-Request"):
        return render(request, "weighbridge/hunt_state.html", context)
    return render(request, "weighbridge/hunt.html", context)
