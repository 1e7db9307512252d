"""One's own notices, how to be told, and the way out of e-mails."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from weighbridge.platform.audit.errors import RegistryError
from weighbridge.platform.notices import selectors, services
from weighbridge.platform.notices.models import Rhythm
from weighbridge.platform.web.session import person

_ROWS = 100


@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if request.method == "POST":
        services.read(user)
        return redirect("/notices")
    context = {
        "notices": selectors.newest(user)[:_ROWS],
        "follows": selectors.follows(user)[:_ROWS],
        "preference": selectors.preference(user),
        "rhythms": list(Rhythm),
    }
    return render(request, "weighbridge/notices.html", context)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    user = person(request)
    try:
        services.choose(user, request.POST.get("rhythm", ""), request.POST.get("email", ""))
        messages.success(request, "That is how you are told from now on.")
    except RegistryError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect("/notices")


@csrf_exempt  # Mail programs post here by themselves (RFC 8058); the secret is in the address.
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, secret: str) -> HttpResponse:
    if not services.subscribed(secret):
        raise Http404
    if request.method == "POST":
        services.unsubscribe(secret)
    context = {"done": request.method == "POST"}
    response = render(request, "weighbridge/unsubscribe.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response
