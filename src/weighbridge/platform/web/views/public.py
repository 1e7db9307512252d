"""What everybody may see: advisories, what the two identifiers mean, and reporting a model."""

from __future__ import annotations

import difflib
import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic import ValidationError

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed
from weighbridge.platform.advisories.content import AdvisoryContent
from weighbridge.platform.advisories.models import Proposal
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.api.advisories import AdvisoryFilter, key_of
from weighbridge.platform.api.pages import page
from weighbridge.platform.api.reports import ReportIn, tell
from weighbridge.platform.api.throttling import TooMany
from weighbridge.platform.audit.errors import NotFound, RegistryError
from weighbridge.platform.publications.osv import Published, find, public, published
from weighbridge.platform.web.context import THEMES
from weighbridge.platform.web.views.work import dashboard

_ROWS = 50


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    if allowed(request.user, Action.READ_QUEUE) and isinstance(request.user, User):
        return dashboard(request, request.user)
    newest = list(published(public().order_by("-pk")[:10]))
    return render(request, "weighbridge/start.html", {"newest": newest})


@require_safe
def advisories(request: HttpRequest) -> HttpResponse:
    given = {name: value for name, value in request.GET.items() if value}
    try:
        query = AdvisoryFilter(**{"limit": _ROWS, **given})  # type: ignore[arg-type]
    except ValidationError:
        return redirect("/advisories")
    rows = public()
    for name in ("kind", "state", "ecosystem", "name"):
        if value := getattr(query, name):
            rows = rows.filter(**{name: value})
    found = page(rows, query, ("-id",), lambda row: {"row": row})
    keys = [item["row"].pk for item in found["items"]]
    items = list(published(public().filter(pk__in=keys).order_by("-pk")))
    context = {"items": items, "next": found["next"], "given": given}
    return render(request, "weighbridge/advisories.html", context)


@require_safe
def advisory(request: HttpRequest, identifier: str) -> HttpResponse:
    item = find(identifier)
    if item is None:
        return _draft(request, identifier)
    if identifier != bare(item.advisory):
        return redirect(f"/advisories/{bare(item.advisory)}")
    proposals = Proposal.objects.filter(advisory=item.advisory, state="open")
    context = {
        "item": item,
        "id": bare(item.advisory),
        "diffs": _diffs(item),
        "proposals": proposals.select_related("proposer"),
        "evidence": [json.dumps(one, indent=2) for one in item.content.evidence],
    }
    return render(request, "weighbridge/advisory.html", context)


def _draft(request: HttpRequest, identifier: str) -> HttpResponse:
    """Answer a reserved WS for those who write it; for everybody else it does not exist."""
    from weighbridge.platform.web.views.writing import draft

    try:
        return draft(request, key_of(identifier))
    except NotFound:
        raise Http404 from None


def _diffs(item: Published) -> list[tuple[int, list[str]]]:
    """Return what each later revision of a WS changed."""
    rows = list(item.advisory.revisions.order_by("number"))
    texts = [_plain(AdvisoryContent.from_json(row.content)) for row in rows]
    return [
        (row.number, list(difflib.unified_diff(before, after, lineterm="", n=1))[2:])
        for row, before, after in zip(rows[1:], texts, texts[1:], strict=False)
    ]


def _plain(content: AdvisoryContent) -> list[str]:
    return json.dumps(json.loads(content.to_json()), indent=1, sort_keys=True).splitlines()


@require_safe
def feeds(request: HttpRequest) -> HttpResponse:
    return render(request, "weighbridge/feeds.html", {"address": settings.WEIGHBRIDGE_URL})


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    return render(request, "weighbridge/keys.html")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of colours in a cookie, and go back to where the person was."""
    back = urlsplit(request.headers.get("Referer", ""))
    same = back.netloc == request.get_host() and back.path.startswith("/")
    target = back.path + (f"?{back.query}" if back.query else "") if same else "/"
    response = redirect("/" + target.lstrip("/\\"))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=365 * 86400, samesite="Lax", secure=request.is_secure()
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_safe
def identifiers(request: HttpRequest) -> HttpResponse:
    return render(request, "weighbridge/identifiers.html")


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    given: dict[str, Any] = {"target": request.GET.get("target", "")}
    if request.method == "POST":
        given = {name: str(request.POST.get(name, "")) for name in ReportIn.model_fields}
        reporter = request.user if isinstance(request.user, User) else None
        try:
            number = tell(request, ReportIn(**given), reporter).pk
        except ValidationError:
            messages.error(request, "Please say which model, and what you saw.")
        except (TooMany, RegistryError) as error:
            messages.error(request, str(error))
        else:
            return render(request, "weighbridge/reported.html", {"number": number})
    return render(request, "weighbridge/report.html", {"given": given})
