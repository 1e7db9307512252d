"""A case: its proof, where it occurs, its history, and every step that can be taken with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from weighbridge.platform.accounts.four_eyes import needed
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import MATRIX, Action, allowed, refusal, require
from weighbridge.platform.advisories.issuing import affected_models, issue_for_model
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.advisories.services import Opening
from weighbridge.platform.api import cases as api
from weighbridge.platform.audit.errors import NotFound, RegistryError
from weighbridge.platform.audit.selectors import of_case
from weighbridge.platform.cases import deciding, services, shaping
from weighbridge.platform.cases.models import Case, CaseState
from weighbridge.platform.cases.places import files_of
from weighbridge.platform.catalog.models import Model, ProviderVerdict
from weighbridge.platform.web.lineage import drawn, graph_of
from weighbridge.platform.web.previews import preview_of
from weighbridge.platform.web.proof import bytes_of, proof_of
from weighbridge.platform.web.session import person

TABS = {
    "runs": "What runs",
    "bytes": "Bytes",
    "where": "Where",
    "others": "Others say",
    "history": "History",
}
_PLACES = 10
_FILES = 50
_MODELS = 200
_EVENTS = 200
_NOTES = 50


@require_safe
def case(request: HttpRequest, number: int) -> HttpResponse:
    user = person(request)
    require(user, Action.READ_QUEUE)
    row = api.find(number)
    tab = request.GET.get("tab", "runs")
    if tab not in TABS:
        raise Http404
    first = row.occurrences.select_related("artifact").order_by("pk").first()
    context = {
        "case": row,
        "tab": tab,
        "tabs": TABS.items(),
        "proof": proof_of(row, first),
        "first": first,
        "places_total": row.occurrences.count(),
        **_side(row, user),
        **_IN_TAB[tab](row, request),
    }
    return render(request, "weighbridge/case.html", context)


def _side(row: Case, user: User) -> dict[str, Any]:
    """Return what stands beside the proof, whatever the tab."""
    models = affected_models(row)
    issued = list(row.advisories.order_by("pk")[:_MODELS])
    mine = row.owner_id == user.pk
    people = []
    if row.state in ("queued", "claimed") and allowed(user, Action.ASSIGN_CASE):
        roles = [role.value for role, may in MATRIX.items() if Action.CLAIM_CASE in may]
        people = list(User.objects.filter(is_active=True, role__in=roles).order_by("username"))
    return {
        "models": models[:_MODELS],
        "models_total": len(models),
        "advisories": issued,
        "notes": list(row.notes.select_related("author").order_by("-pk")[:_NOTES]),
        "reports": row.reports.order_by("pk")[:_NOTES],
        "mine": mine,
        "own_proposal": row.proposer_id == user.pk and needed(),
        "next_steps": _next(row, user),
        "not_yet": _not_yet(row, mine),
        "preview": preview_of(row, models, "malicious") if row.state != "decided" else None,
        "people": people,
        "cannot": {action.name: refusal(action) for action in Action},
    }


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


def _not_yet(row: Case, mine: bool) -> str:
    """Return why no decision can be taken now, empty when one can."""
    if row.state == CaseState.IN_ANALYSIS:
        return "" if mine else f"{row.owner} is deciding this case."
    if row.state == CaseState.QUEUED:
        return "Decisions come after the claim: claim the case and begin."
    if row.state == CaseState.CLAIMED:
        return "Begin the analysis first." if mine else f"{row.owner} has claimed this case."
    return ""


# -- what each tab needs --------------------------------------------------------------------------


def _runs(row: Case, request: HttpRequest) -> dict[str, Any]:
    return {}


def _bytes(row: Case, request: HttpRequest) -> dict[str, Any]:
    places = list(row.occurrences.select_related("artifact").order_by("pk")[:_PLACES])
    return {"bytes": bytes_of(places)}


def _where(row: Case, request: HttpRequest) -> dict[str, Any]:
    after = str(request.GET.get("after", "0"))
    start = int(after) if after.isdecimal() and len(after) < 15 else 0
    held = files_of(row.pk).filter(pk__gt=start).order_by("pk")
    files = list(held.select_related("version__model", "artifact")[: _FILES + 1])
    models = affected_models(row)
    named = {
        one.model_id for one in row.advisories.filter(state="issued").only("model_id", "case_id")
    }
    graph = graph_of(row.pk, models)
    return {
        "files": files[:_FILES],
        "more": files[_FILES - 1].pk if len(files) > _FILES else None,
        "holders": [(model, model.pk in named) for model in models[:_FILES]],
        "graph": None if graph.empty else drawn(graph),
        "lineage": graph,
    }


def _others(row: Case, request: HttpRequest) -> dict[str, Any]:
    said = ProviderVerdict.objects.order_by("scanner")
    files = files_of(row.pk).filter(provider_verdicts__isnull=False).distinct().order_by("pk")
    files = files.select_related("version__model").prefetch_related(
        Prefetch("provider_verdicts", queryset=said)
    )
    return {"said": list(files[:_FILES])}


def _history(row: Case, request: HttpRequest) -> dict[str, Any]:
    newest = list(of_case(row.pk).order_by("-seq")[: _EVENTS + 1])
    return {"history": newest[:_EVENTS], "older": len(newest) > _EVENTS}


_IN_TAB: dict[str, Callable[[Case, HttpRequest], dict[str, Any]]] = {
    "runs": _runs,
    "bytes": _bytes,
    "where": _where,
    "others": _others,
    "history": _history,
}


# -- what a decision would publish ----------------------------------------------------------------


@require_POST
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """Answer what a decision would publish: a part of the page, or without script all of one."""
    user = person(request)
    require(user, Action.READ_QUEUE)
    row = api.find(number)
    words = {name: str(request.POST.get(name, ""))[:20_000] for name in ("title", "reason")}
    decision = str(request.POST.get("decision", "malicious"))
    shown = preview_of(row, affected_models(row), decision, **words)
    whole = not request.headers.get("HX-Request")
    template = "weighbridge/preview_page.html" if whole else "weighbridge/preview.html"
    return render(request, template, {"case": row, "preview": shown})


# -- steps ----------------------------------------------------------------------------------------

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
        model: Model | None = next(iter(affected_models(row)), None)
        if model is not None:
            opening = Opening(title[:120], _reason(form), model=model, case=row)
    return deciding.weakness(user, number, _reason(form), opening)


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 15 else 0


def _assign(user: User, number: int, form: QueryDict) -> object:
    owner = User.objects.filter(pk=_number(form, "owner"), is_active=True).first()
    if owner is None:
        raise NotFound("there is no such person")
    return services.assign(user, number, owner)


STEPS: dict[str, tuple[Step, str]] = {
    "claim": (lambda u, n, f: services.claim(u, n, _seen(f)), "It is yours now."),
    "assign": (_assign, "It is theirs now, and they are told."),
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
        taken = take(user, number, request.POST)
        messages.success(request, done)
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        if word == "weakness" and isinstance(taken, tuple) and isinstance(taken[1], Advisory):
            return redirect(f"/advisories/{bare(taken[1])}")
    return redirect(f"/cases/{number}")
