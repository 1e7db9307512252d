"""API tokens: made once, shown once, found by their hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from weighbridge.platform.accounts import scopes
from weighbridge.platform.accounts.models import Token, User
from weighbridge.platform.audit.services import Act, record

_MARK = "wb_"
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token together with its secret, which exists only here."""

    token: Token
    secret: str


def digest(secret: str) -> str:
    """Return what is stored of a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@transaction.atomic
def create(
    user: User, name: str, words: Iterable[str], expires_at: datetime | None = None
) -> NewToken:
    """Make a token for `user`.

    Raises:
        ValueError: no scope is given, or one that does not exist.
    """
    wanted = scopes.parse(words)
    if not wanted:
        raise ValueError("a token needs at least one scope")
    secret = _MARK + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name,
        digest=digest(secret),
        hint=secret[:8],
        scopes=" ".join(sorted(wanted)),
        created_at=timezone.now(),
        expires_at=expires_at,
    )
    record(user, Act("token-created", "token", token.pk, after=token.scopes))
    return NewToken(token, secret)


def find(secret: str) -> Token | None:
    """Return the live token with this secret, and note that it was used, where that can be."""
    if not secret.startswith(_MARK):
        return None
    now = timezone.now()
    token = (
        Token.objects.select_related("user")
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .filter(digest=digest(secret), revoked_at=None, user__is_active=True)
        .first()
    )
    if token is not None and (token.last_used_at is None or now - token.last_used_at > _SEEN_EVERY):
        with suppress(OperationalError):  # A database that takes no writes can still be read.
            Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


@transaction.atomic
def revoke(user: User, token_id: int) -> bool:
    """End a token of `user` (an administrator may end anybody's); tells whether there was one."""
    mine = Token.objects.filter(pk=token_id, revoked_at=None)
    if user.role != "administrator":
        mine = mine.filter(user=user)
    if mine.update(revoked_at=timezone.now()) != 1:
        return False
    record(user, Act("token-revoked", "token", token_id))
    return True
