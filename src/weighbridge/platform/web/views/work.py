"""The front page of researchers, the queue, and opening a case by hand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from pydantic import ValidationError

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.advisories.models import Proposal
from weighbridge.platform.api import cases as api
from weighbridge.platform.api.pages import page
from weighbridge.platform.audit.errors import RegistryError
from weighbridge.platform.cases import measures, selectors, services
from weighbridge.platform.cases.emergencies import emergencies
from weighbridge.platform.cases.manual import Manual
from weighbridge.platform.cases.models import Case, CaseState
from weighbridge.platform.cases.overview import overview
from weighbridge.platform.monitors.selectors import newest
from weighbridge.platform.publications.models import Delivery
from weighbridge.platform.publications.osv import public, published
from weighbridge.platform.scans.overview import ORDER, verdicts_by_day, workers
from weighbridge.platform.web.charts import Series, histogram, stacked_area
from weighbridge.platform.web.session import person
from weighbridge.tables.effects import effects

_ROWS = 50


def dashboard(request: HttpRequest, user: User) -> HttpResponse:
    """Answer the front page of people who work on the queue."""
    found = overview(user)
    days = verdicts_by_day()
    series = [
        Series(word, [day.counts[at] for day in days])
        for at, word in reversed(list(enumerate(ORDER)))
    ]
    context = {
        "numbers": found,
        "verdicts": stacked_area(
            [f"{day.day:%d %b}" for day in days], series, "Scans by verdict, day by day"
        ),
        "days": [day for day in reversed(days) if any(day.counts)],
        "words": ORDER,
        "ages": histogram(found.ages, "How long cases have waited in the queue"),
        "newest": list(published(public().order_by("-pk")[:10])),
        "workers": workers(),
        "monitors": newest(),
        "undelivered": Delivery.objects.filter(state="pending", attempts__gt=0).count(),
    }
    return render(request, "weighbridge/dashboard.html", context)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.READ_QUEUE)
    given = {name: value for name, value in request.GET.items() if value}
    try:
        query = api.CaseFilter(**{"limit": _ROWS, **given})  # type: ignore[arg-type]
    except ValidationError:
        return redirect("/queue")
    order = ("-decided_at", "-id") if query.state == CaseState.DECIDED else api.ORDER
    rows = api.listed(user, query)
    found = page(rows, query, order, lambda case: {"case": case})
    cases: list[Case] = [item["case"] for item in found["items"]]
    about = selectors.found_in(cases)
    context = {
        "rows": [(case, *about[case.pk]) for case in cases],
        "next": _more(given, found["next"]),
        "filters": _filters(given),
        "on": _on(given),
        "given": given,
        "effects": sorted(effects().values(), key=lambda one: one.title),
        "proposals": Proposal.objects.filter(state="open").select_related("advisory", "proposer"),
        "first_claim": next((case.pk for case in cases if case.state == CaseState.QUEUED), None),
    }
    return render(request, "weighbridge/queue.html", context)


def _more(given: dict[str, Any], cursor: str | None) -> str:
    return "" if cursor is None else "?" + urlencode({**given, "cursor": cursor})


def _filters(given: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each filter that is off with its words and where each leads."""
    choices = {
        "verdict": ["malicious", "suspicious", "weakness"],
        "state": [state.value for state in CaseState],
        "provider": ["huggingface", "kaggle", "local"],
        "mine": ["true"],
    }
    kept = _kept(given)
    return [
        (name, [(word, "?" + urlencode({**kept, name: word})) for word in words])
        for name, words in choices.items()
        if name not in kept
    ]


def _on(given: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the filters that are on, with where removing each leads."""
    kept = _kept(given)
    return [
        (name, word, "?" + urlencode({key: one for key, one in kept.items() if key != name}))
        for name, word in kept.items()
    ]


def _kept(given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in given.items()
        if name in api.CaseFilter.model_fields and name not in ("cursor", "limit")
    }


@require_safe
def queue_count(request: HttpRequest) -> HttpResponse:
    """Answer how many cases wait, which the header asks now and then."""
    waiting = selectors.waiting(request.user)
    return HttpResponse(f"{waiting:,}" if waiting else "", content_type="text/plain")


@require_POST
def claim_next(request: HttpRequest) -> HttpResponse:
    case = services.claim_next(person(request))
    if case is None:
        messages.info(request, "Nothing waits.")
        return redirect("/queue")
    return redirect(f"/cases/{case.pk}")


@require_safe
def review(request: HttpRequest) -> HttpResponse:
    user = person(request)
    found = measures.review(user)
    times = [
        ("To the first claim", found.to_claim),
        ("To the decision", found.to_decision),
        ("Waiting in the queue now", found.queue),
    ]
    context = {"review": found, "times": times, "alone": emergencies(user)}
    return render(request, "weighbridge/review.html", context)


_NEW = ("title", "reason", "verdict", "version", "sha256", "package", "versions")


@require_http_methods(["GET", "POST"])
def new_case(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.OPEN_CASE)
    given = {name: str(request.GET.get(name, "")) for name in _NEW}
    if request.method == "POST":
        given = {name: str(request.POST.get(name, "")).strip() for name in _NEW}
        try:
            case = services.open_by_hand(user, _manual(given))
            return redirect(f"/cases/{case.pk}")
        except ValidationError:
            messages.error(request, "No case was opened: say what, why, and about which one thing.")
        except RegistryError as error:
            messages.error(request, f"No case was opened: {error}.")
    return render(request, "weighbridge/case_new.html", {"given": given})


def _manual(given: dict[str, str]) -> Manual:
    body = api.CaseIn(
        title=given["title"],
        reason=given["reason"],
        version=given["version"] or None,  # type: ignore[arg-type]
        sha256=given["sha256"].lower() or None,
        behaviour="",
        verdict=given["verdict"] or "weakness",  # type: ignore[arg-type]
        package=given["package"],
        versions=given["versions"].split(),
    )
    return api.manual_of(body)
