"""Who looks at a page."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from weighbridge.platform.accounts.models import User


class LogInFirst(Exception):
    """The page is for people who are logged in."""


def person(request: HttpRequest) -> User:
    """Return who is logged in.

    Raises:
        LogInFirst: nobody is.
    """
    if not request.user.is_authenticated:
        raise LogInFirst
    return request.user


def to_login(request: HttpRequest) -> HttpResponse:
    """Return the way to the log-in page, and back to what was asked for."""
    back = f"?next={quote(request.get_full_path())}" if request.method == "GET" else ""
    return redirect(f"/login{back}")
