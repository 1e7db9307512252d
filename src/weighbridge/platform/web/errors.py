"""Pages for what went wrong: what happened, and what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from weighbridge.platform.api.problems import problem

_TITLES = {
    400: ("This request cannot be understood.", "Nothing was changed. Go back and try again."),
    403: ("You may not do this.", "Nothing was changed."),
    404: ("There is no such page.", "Look for a typing error in the address, or start at the top."),
    409: ("Somebody was faster.", "Nothing of yours was lost. Load the page again and look."),
    422: ("The rules of the registry forbid this.", "Nothing was changed."),
    500: ("Something broke on our side.", "Nothing half-done was kept. Please try again."),
}


def page(request: HttpRequest, status: int, why: str = "") -> HttpResponse:
    """Return the page, or for the API the problem, for a status."""
    title, advice = _TITLES[status]
    if request.path.startswith("/api/"):
        return problem(status, why or f"{title} {advice}")
    context = {"title": title, "why": why, "advice": advice}
    return render(request, "weighbridge/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return page(request, 400)


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 with the sentence that says who may."""
    return page(request, 403, str(exception))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return page(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500."""
    return page(request, 500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 when the form's secret is missing or old."""
    return page(request, 403, "The form was open too long or came from elsewhere. Load it again.")
