"""Who is asking: a token or a session, and what both together may do."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie

from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.models import Token, User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.accounts.scopes import SCOPE_OF, Scope, parse
from weighbridge.platform.api.throttling import refuse_too_many


class ByToken(HttpBearer):
    """``Authorization: Bearer wb_…``."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Return the token's owner; wrong tokens count against the address they come from."""
        found = tokens.find(token)
        if found is None:
            refuse_too_many(request, "wrong-token")
            return None
        return adopt(request, found)


class BySession(APIKeyCookie):
    """The session of somebody who is logged in; ninja checks the form's secret (CSRF)."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> User | None:
        """Return the person; only of somebody who is logged in is the form's secret asked."""
        if not request.user.is_authenticated:
            return None
        user: User | None = super().__call__(request)
        return user

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """Return the person who is logged in."""
        user = request.user
        if not user.is_authenticated or not user.is_active:
            return None
        count(request)
        return user


AUTHENTICATED = [ByToken(), BySession()]


def adopt(request: HttpRequest, token: Token) -> User:
    """Make the request that of the token's owner, within the token's scopes."""
    request.user = token.user
    request.META["weighbridge.scopes"] = parse(token.scopes)
    request.META["weighbridge.token"] = token.pk
    count(request)
    return token.user


def count(request: HttpRequest) -> None:
    """Count a request against the limits of whoever asks.

    Raises:
        TooMany: there were too many.
    """
    refuse_too_many(request, "read" if request.method in ("GET", "HEAD") else "write")


def actor(request: HttpRequest, action: Action) -> User:
    """Return who is asking, if both their role and their token allow `action`.

    Raises:
        PermissionDenied: with a sentence that says what is missing.
    """
    require(request.user, action)
    need_scope(request, SCOPE_OF[action])
    return cast(User, request.user)


def need_scope(request: HttpRequest, scope: Scope) -> None:
    """Return if the request is a session's, or its token has `scope`.

    Raises:
        PermissionDenied: it has not.
    """
    scopes: frozenset[Scope] | None = request.META.get("weighbridge.scopes")
    if scopes is not None and scope not in scopes:
        raise PermissionDenied(f"This token does not have the scope {scope.value}.")


def session_only(request: HttpRequest) -> User:
    """Return who is asking, if they are logged in: tokens cannot make tokens.

    Raises:
        PermissionDenied: the request came with a token.
    """
    if "weighbridge.scopes" in request.META:
        raise PermissionDenied("Only somebody who is logged in may do this, no token.")
    return cast(User, request.user)
