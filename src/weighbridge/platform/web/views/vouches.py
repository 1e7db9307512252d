"""Symbols that researchers vouch for: proposed by one, confirmed by another."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from weighbridge.platform.accounts.models import User
from weighbridge.platform.audit.errors import RegistryError
from weighbridge.platform.cases import selectors, vouching
from weighbridge.platform.cases.models import Vouch
from weighbridge.platform.web.session import person

_ROWS = 100
_GIVEN = ("symbol", "scope", "reason")
_STEPS: dict[str, tuple[Callable[[User, int, QueryDict], object], str]] = {
    "approve": (
        lambda user, number, form: vouching.approve(user, number),
        "Vouched for. Everything ever scanned was judged again with it.",
    ),
    "emergency": (
        lambda user, number, form: vouching.approve(user, number, form.get("reason", "")),
        "Vouched for alone; the row says so for ever.",
    ),
    "refuse": (
        lambda user, number, form: vouching.refuse(user, number, form.get("reason", "")),
        "Refused.",
    ),
    "revoke": (
        lambda user, number, form: vouching.revoke(user, number, form.get("reason", "")),
        "Taken back. Everything ever scanned was judged again without it.",
    ),
}


@require_http_methods(["GET", "POST"])
def vouches(request: HttpRequest) -> HttpResponse:
    user = person(request)
    rows = selectors.vouches(user)
    source = request.POST if request.method == "POST" else request.GET
    given = {name: str(source.get(name, ""))[:4000].strip() for name in _GIVEN}
    if request.method == "POST":
        module, _, name = given["symbol"].rpartition(".")
        try:
            vouching.propose(user, module, name, given["scope"], given["reason"])
        except RegistryError as error:
            messages.error(request, f"Nothing was proposed: {error}.")
        else:
            messages.success(request, "Proposed; a second person decides.")
            return redirect("/vouches")
    context = {"vouches": rows[:_ROWS], "given": given, "scopes": Vouch.Scope.values}
    return render(request, "weighbridge/vouches.html", context)


@require_POST
def act(request: HttpRequest, number: int, word: str) -> HttpResponse:
    user = person(request)
    if word not in _STEPS:
        raise Http404
    take, done = _STEPS[word]
    try:
        take(user, number, request.POST)
        messages.success(request, done)
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect("/vouches")
