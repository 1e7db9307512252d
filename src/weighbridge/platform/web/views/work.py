"""The queue, a case, and every step that can be taken with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from pydantic import ValidationError

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.advisories.issuing import affected_models, issue_for_model
from weighbridge.platform.advisories.models import Proposal
from weighbridge.platform.advisories.services import Opening
from weighbridge.platform.api import cases as api
from weighbridge.platform.api.pages import page
from weighbridge.platform.audit.errors import RegistryError
from weighbridge.platform.audit.selectors import of_case
from weighbridge.platform.cases import deciding, measures, services, shaping
from weighbridge.platform.cases.models import Case, CaseState
from weighbridge.platform.web.session import person

_ROWS = 50
_PLACES = 25
_EVENTS = 200


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.READ_QUEUE)
    given = {name: value for name, value in request.GET.items() if value}
    try:
        query = api.CaseFilter(**{"limit": _ROWS, **given})  # type: ignore[arg-type]
    except ValidationError:
        return redirect("/queue")
    found = page(api.listed(user, query), query, api.ORDER, lambda case: {"case": case})
    context = {
        "cases": [item["case"] for item in found["items"]],
        "next": _more(given, found["next"]),
        "filters": _filters(given),
        "proposals": Proposal.objects.filter(state="open").select_related("advisory", "proposer"),
    }
    return render(request, "weighbridge/queue.html", context)


def _more(given: dict[str, Any], cursor: str | None) -> str:
    return "" if cursor is None else "?" + urlencode({**given, "cursor": cursor})


_FILTERS: dict[str, list[str]] = {
    "verdict": ["malicious", "suspicious", "weakness"],
    "state": [state.value for state in CaseState],
    "provider": ["huggingface", "kaggle", "local"],
    "mine": ["true"],
}


def _filters(given: dict[str, Any]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Return each filter with its words, where each leads, and whether it is on."""
    kept = {name: value for name, value in given.items() if name != "cursor"}
    shown = []
    for name, words in _FILTERS.items():
        links = []
        for word in words:
            on = kept.get(name) == word
            rest = {key: value for key, value in kept.items() if key != name}
            target = rest if on else {**rest, name: word}
            links.append((word, "?" + urlencode(target), on))
        shown.append((name, links))
    return shown


@require_safe
def review(request: HttpRequest) -> HttpResponse:
    found = measures.review(person(request))
    times = [
        ("To the first claim", found.to_claim),
        ("To the decision", found.to_decision),
        ("Waiting in the queue now", found.queue),
    ]
    return render(request, "weighbridge/review.html", {"review": found, "times": times})


@require_safe
def case(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    require(user, Action.READ_QUEUE)
    row = api.find(number)
    issued = list(row.advisories.order_by("pk"))
    named = {one.model_id for one in issued if one.state == "issued"}
    places = row.occurrences.select_related("artifact").order_by("pk")
    context = {
        "case": row,
        "places": places[:_PLACES],
        "places_total": places.count(),
        "models": [(model, model.pk in named) for model in affected_models(row)],
        "advisories": issued,
        "notes": row.notes.select_related("author").order_by("pk"),
        "reports": row.reports.order_by("pk"),
        "history": of_case(row.pk)[:_EVENTS],
        "mine": row.owner_id == user.pk,
        "own_proposal": row.proposer_id == user.pk,
        "next_steps": _next(row, user),
    }
    return render(request, "weighbridge/case.html", context)


def _next(row: Case, user: User) -> str:
    """Return the one sentence that says what can be done now."""
    if row.state == CaseState.QUEUED:
        return "Nobody works on this. Claim it to begin."
    if row.state == CaseState.PROPOSED:
        return "A second person, not the proposer, agrees or disagrees."
    if row.state == CaseState.DECIDED:
        return "This is decided. It can be taken up again on new evidence or an appeal."
    if row.owner_id != user.pk:
        return "Somebody works on this; you can read and write notes."
    if row.state == CaseState.CLAIMED:
        return "This is yours. Begin the analysis when you are ready."
    return "Decide what this is, or ask for information."


Step = Callable[[User, int, QueryDict], object]


def _reason(form: QueryDict) -> str:
    return form.get("reason", "")


def _seen(form: QueryDict) -> int | None:
    text = form.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _weakness(user: User, number: int, form: QueryDict) -> object:
    opening = None
    title = form.get("title", "").strip()
    if title:
        row = api.find(number)
        model = next(iter(affected_models(row)), None)
        if model is not None:
            opening = Opening(title[:120], _reason(form), model=model, case=row)
    return deciding.weakness(user, number, _reason(form), opening)


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 15 else 0


STEPS: dict[str, tuple[Step, str]] = {
    "claim": (lambda u, n, f: services.claim(u, n, _seen(f)), "It is yours now."),
    "release": (lambda u, n, f: services.release(u, n, _reason(f)), "It is back in the queue."),
    "start": (lambda u, n, f: services.start(u, n), "The analysis has begun."),
    "note": (lambda u, n, f: services.note(u, n, f.get("text", "")), "The note is kept."),
    "needs-info": (
        lambda u, n, f: services.needs_info(u, n, _reason(f)),
        "It waits in the queue with your question.",
    ),
    "answer": (lambda u, n, f: services.answer(u, n, f.get("text", "")), "The answer is kept."),
    "malicious": (
        lambda u, n, f: deciding.propose_malicious(u, n, _reason(f), _seen(f)),
        "Proposed as malicious; a second person decides.",
    ),
    "false-positive": (
        lambda u, n, f: deciding.false_positive(u, n, _reason(f), _seen(f)),
        "Taken or, for a malicious verdict, proposed to a second person.",
    ),
    "weakness": (_weakness, "Decided as a weakness; a WS is reserved if a model is concerned."),
    "duplicate": (
        lambda u, n, f: shaping.duplicate(u, n, _number(f, "case"), _reason(f)),
        "Its places are with the other case now.",
    ),
    "approve": (
        lambda u, n, f: deciding.approve(u, n, _reason(f), _seen(f)),
        "Decided. What was issued stands below.",
    ),
    "emergency": (
        lambda u, n, f: deciding.approve(u, n, _reason(f), _seen(f), emergency=True),
        "Decided alone; the case says so for ever.",
    ),
    "refuse": (
        lambda u, n, f: deciding.refuse(u, n, _reason(f), _seen(f)),
        "It is back with its owner.",
    ),
    "reopen": (lambda u, n, f: deciding.reopen(u, n, _reason(f)), "It is in analysis again."),
    "issue": (
        lambda u, n, f: issue_for_model(u, n, _number(f, "model")),
        "The MSC for this model is issued.",
    ),
}


@require_POST
def step(request: HttpRequest, number: int, word: str) -> HttpResponse:
    user = person(request)
    require(user, Action.READ_QUEUE)
    if word not in STEPS:
        raise Http404
    take, done = STEPS[word]
    try:
        take(user, number, request.POST)
        messages.success(request, done)
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect(f"/cases/{number}")
