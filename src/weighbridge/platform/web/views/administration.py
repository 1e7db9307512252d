"""Administration: people, webhooks with their log, feeds, and whether the workers are well."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from weighbridge.platform.accounts.models import Token, User
from weighbridge.platform.accounts.permissions import Action, allowed, refusal, require
from weighbridge.platform.audit.errors import RegistryError
from weighbridge.platform.monitors.selectors import newest
from weighbridge.platform.publications import webhooks
from weighbridge.platform.publications.events import Kind
from weighbridge.platform.publications.models import Delivery, Webhook
from weighbridge.platform.scans.models import Scan
from weighbridge.platform.scans.overview import workers
from weighbridge.platform.web.session import person

_ROWS = 50


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not any(allowed(user, one) for one in (Action.MANAGE_USERS, Action.MANAGE_WEBHOOKS)):
        raise PermissionDenied(refusal(Action.MANAGE_WEBHOOKS))
    context = {
        "workers": workers(),
        "monitors": newest(),
        "parked": Scan.objects.filter(state="parked").order_by("-pk")[:10],
        "people": User.objects.filter(is_active=True).count(),
        "tokens": Token.objects.filter(revoked_at=None).count(),
        "hooks": Webhook.objects.filter(active=True).count(),
        "pending": Delivery.objects.filter(state="pending").count(),
        "failed": Delivery.objects.filter(state="failed").count(),
        "cannot": {action.name: refusal(action) for action in Action},
    }
    return render(request, "weighbridge/administration.html", context)


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
