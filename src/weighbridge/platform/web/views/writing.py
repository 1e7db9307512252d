"""Writing a WS, and agreeing to withdrawals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.advisories import services
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.api.advisories import ContentIn, OpeningIn, key_of
from weighbridge.platform.audit.errors import NotFound, RegistryError
from weighbridge.platform.catalog.selectors import models_visible_to
from weighbridge.platform.web.session import person


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    require(user, Action.ISSUE_WS)
    given: dict[str, Any] = {"model": request.GET.get("model", "")}
    if request.method == "POST":
        given = {name: str(request.POST.get(name, "")) for name in _OPENING}
        try:
            return redirect(f"/advisories/{bare(_reserved(user, given))}")
        except ValidationError:
            messages.error(request, "A title, a description, and one model or package are needed.")
        except RegistryError as error:
            messages.error(request, f"Nothing was reserved: {error}.")
    return render(request, "weighbridge/ws_new.html", {"given": given})


_OPENING = ("title", "description", "model", "package", "versions")


def _reserved(user: User, given: dict[str, str]) -> Advisory:
    body = OpeningIn(
        title=given["title"],
        description=given["description"],
        model=given["model"] or None,  # type: ignore[arg-type]
        package=given["package"],
        versions=given["versions"].split(),
    )
    model = None
    if body.model is not None:
        model = models_visible_to(user).filter(pk=body.model).first()
        if model is None:
            raise NotFound(f"there is no model {body.model}")
    fields = body.model_dump(exclude={"model"})
    return services.reserve_ws(user, services.Opening(model=model, **fields))


def draft(request: HttpRequest, key: int) -> HttpResponse:
    """Answer a reserved WS, which exists only for those who may write it."""
    if not allowed(request.user, Action.ISSUE_WS):
        raise NotFound("there is no such advisory")
    row = get_object_or_404(Advisory, pk=key)
    return render(request, "weighbridge/ws_draft.html", {"row": row, "id": bare(row)})


_LISTS = ("cwe", "atlas", "cvss")


def _changes(request: HttpRequest) -> dict[str, Any]:
    words = ("title", "description", "trigger", "source")
    given: dict[str, Any] = {word: request.POST[word] for word in words if word in request.POST}
    for name in _LISTS:
        if name in request.POST:
            given[name] = request.POST[name].split()
    return ContentIn(**given).changes()


@require_POST
def act(request: HttpRequest, identifier: str, word: str) -> HttpResponse:
    user = person(request)
    if word not in _ACTS:
        raise Http404
    try:
        _ACTS[word](request, user, key_of(identifier))
        messages.success(request, "Done.")
    except ValidationError:
        messages.error(request, "Nothing was changed: a field is too long or has another form.")
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect(f"/advisories/{identifier}")


def _reason(request: HttpRequest) -> str:
    return str(request.POST.get("reason", ""))


def _revise(request: HttpRequest, user: User, key: int) -> object:
    return services.revise_ws(user, key, _changes(request), _reason(request))


_ACTS: dict[str, Any] = {
    "draft": lambda r, u, k: services.save_draft(u, k, _changes(r)),
    "publish": lambda r, u, k: services.publish_ws(u, k),
    "reject": lambda r, u, k: services.reject_ws(u, k, _reason(r)),
    "revise": _revise,
    "cve": lambda r, u, k: services.supersede_ws(u, k, str(r.POST.get("cve", ""))),
    "withdraw": lambda r, u, k: services.propose(u, k, "withdraw", _reason(r)),
    "lift-embargo": lambda r, u, k: services.propose(u, k, "lift-embargo", _reason(r)),
}


@require_POST
def proposal(request: HttpRequest, number: int, word: str) -> HttpResponse:
    user = person(request)
    try:
        if word == "approve":
            services.approve_proposal(user, number)
        elif word == "emergency":
            services.approve_proposal(user, number, _reason(request))
        elif word == "refuse":
            services.refuse_proposal(user, number, _reason(request))
        else:
            raise Http404
        messages.success(request, "Done.")
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect("/queue")
