"""Middleware: request ids, the Content-Security-Policy, and whose address a request has."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from secrets import token_hex
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponseBase

from weighbridge.platform.audit.context import request_id as current
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.web.errors import page
from weighbridge.platform.web.look_ups import observe
from weighbridge.platform.web.session import LogInFirst, to_login

Handler = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_SSO = "/sso/"
_log = logging.getLogger("weighbridge.requests")


def peer_address(request: HttpRequest) -> str:
    """Return the address of the other end; what a header says about it is believed by nobody."""
    return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")


def request_id(get_response: Handler) -> Handler:
    """Give each request an id of ours, in the answer and in every line of the log."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        token = current.set(token_hex(8))
        started = time.perf_counter()
        try:
            response = get_response(request)
            response["X-Request-ID"] = current.get()
            seconds = time.perf_counter() - started
            observe(request.path, seconds)
            _report(request, response, seconds)
            return response
        finally:
            current.reset(token)

    return handle


def _report(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
        "from": peer_address(request),
    }
    _log.info("request", extra={"fields": fields})


def content_security_policy(get_response: Handler) -> Handler:
    """Allow a page nothing but what this server sends: no inline script, no inline style."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", _policy(request.path))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=()")
        return response

    return handle


def _policy(path: str) -> str:
    """Return the policy of a page: the one that begins single sign-on leads to its provider.

    Browsers hold `form-action` against every address that the answer to a form leads on to, and a
    provider may lead on to others.
    """
    if not settings.WEIGHBRIDGE_OIDC_URL or not path.startswith(_SSO):
        return POLICY
    parts = urlsplit(settings.WEIGHBRIDGE_OIDC_URL)
    return POLICY.replace(
        "form-action 'self'", f"form-action 'self' https: {parts.scheme}://{parts.netloc}"
    )


class Refusals:
    """Turns what services refuse into pages: 403, 404, 409, 422, or the way to the log-in page."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as usual; exceptions come to `process_exception`."""
        return self._get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Return the page for an exception that is an answer."""
        if isinstance(exception, LogInFirst):
            return to_login(request)
        if isinstance(exception, OverflowError | DataError):
            return page(request, 404)
        for kind, status in ((NotFound, 404), (Conflict, 409), (Refused, 422)):
            if isinstance(exception, kind):
                return page(request, status, str(exception))
        return None
