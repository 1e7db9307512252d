"""``GET /api/v1/artifacts/{sha256}``: the look-up that gates use, on the shortest way there is.

A plain view with two statements by index; who asks is remembered for a few seconds, which is
also how long a revoked token can still look up.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import UTC
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.permissions import Action, allowed
from weighbridge.platform.accounts.scopes import Scope, parse
from weighbridge.platform.api.problems import problem
from weighbridge.platform.api.throttling import TooMany, refuse_too_many
from weighbridge.platform.scans.selectors import LookUp, look_up

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REMEMBER_S = 5.0
_MOST_REMEMBERED = 4096
_BEARER = "Bearer "

_remembered: dict[str, float] = {}


def artifact(request: HttpRequest, sha256: str) -> HttpResponse:
    """Answer what is known about the content with this SHA-256."""
    if request.method not in ("GET", "HEAD"):
        return problem(405, "This address is for GET only.")
    if not settings.WEIGHBRIDGE_ANONYMOUS_LOOKUP:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
    digest = sha256.lower()
    if not _SHA256.fullmatch(digest):
        return problem(422, "A SHA-256 has 64 hexadecimal digits.")
    known = look_up(digest)
    if known is None:
        return problem(404, "Nothing is known about this content.")
    body = json.dumps(shown(known)).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response: HttpResponse
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(body, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def shown(known: LookUp) -> dict[str, Any]:
    """Return what is known in the words of the contract."""
    at = known.scanned_at
    return {
        "sha256": known.sha256,
        "verdict": known.verdict,
        "defender_verdict": known.defender_verdict,
        "decided_by": known.decided_by,
        "status": known.status,
        "advisories": list(known.advisories),
        "rules": known.rules,
        "scanned_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None,
    }


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return why whoever asks gets no answer, None when they do."""
    header = request.headers.get("Authorization", "")
    if not header.startswith(_BEARER):
        if allowed(request.user, Action.LOOK_UP):
            return None
        return _unknown()
    digest = tokens.digest(header[len(_BEARER) :])
    now = time.monotonic()
    if _remembered.get(digest, 0.0) > now:
        return None
    try:
        token = tokens.find(header[len(_BEARER) :])
        if token is None:
            refuse_too_many(request, "wrong-token")
            return _unknown()
    except TooMany as error:
        return problem(429, str(error))
    if not allowed(token.user, Action.LOOK_UP) or Scope.READ not in parse(token.scopes):
        return problem(403, f"This token does not have the scope {Scope.READ.value}.")
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = now + _REMEMBER_S
    return None


def _unknown() -> HttpResponse:
    answer = problem(401, "Send a token: Authorization: Bearer wb_…")
    answer["WWW-Authenticate"] = 'Bearer realm="weighbridge"'
    return answer
