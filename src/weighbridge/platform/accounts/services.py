"""What changes people: the first administrator, users and their roles."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from weighbridge.platform.accounts.models import SetupLink, User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.tokens import digest
from weighbridge.platform.audit.services import Act, record

_LINK_LIFE = timedelta(hours=24)


def administrator_exists() -> bool:
    """Tell whether somebody can administer this platform."""
    return User.objects.filter(role=Role.ADMINISTRATOR.value, is_active=True).exists()


@transaction.atomic
def new_setup_secret() -> str | None:
    """Return the secret of a new set-up link, None when there is an administrator.

    Links made before stop working.
    """
    if administrator_exists():
        return None
    SetupLink.objects.filter(used_at=None).delete()
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    SetupLink.objects.create(digest=digest(secret), created_at=now, expires_at=now + _LINK_LIFE)
    return secret


def setup_link_works(secret: str) -> bool:
    """Tell whether the link with this secret can still be used."""
    return _live_links(secret).exists() and not administrator_exists()


@transaction.atomic
def make_first_administrator(secret: str, username: str, password: str) -> User:
    """Use the set-up link: make the administrator, and let the link die.

    Raises:
        ValidationError: the link was used, is too old, or an administrator exists; or the name or
            the password will not do, and the link remains.
    """
    if administrator_exists() or _live_links(secret).update(used_at=timezone.now()) != 1:
        raise ValidationError("This link was used already or is too old. Start the server again.")
    user = _create(username, password, Role.ADMINISTRATOR)
    record(user, Act("user-created", "user", user.pk, after=user.role, reason="set-up link"))
    return user


@transaction.atomic
def create_user(actor: User, username: str, password: str, role: Role) -> User:
    """Make a user.

    Raises:
        PermissionDenied: `actor` may not.
        ValidationError: the name or the password will not do.
    """
    require(actor, Action.MANAGE_USERS)
    user = _create(username, password, role)
    record(actor, Act("user-created", "user", user.pk, after=user.role))
    return user


@transaction.atomic
def change_user(actor: User, user_id: int, role: Role, active: bool) -> User:
    """Give a user another role, or shut them out.

    Raises:
        PermissionDenied: `actor` may not.
        User.DoesNotExist: there is no such user.
        ValidationError: nobody would be left to administer the platform.
    """
    require(actor, Action.MANAGE_USERS)
    user = User.objects.select_for_update().get(pk=user_id)
    before = _described(user)
    user.role, user.is_active = role.value, active
    user.save(update_fields=["role", "is_active"])
    if not administrator_exists():
        raise ValidationError("Somebody must be able to administer the platform.")
    record(actor, Act("user-changed", "user", user.pk, before=before, after=_described(user)))
    return user


def _described(user: User) -> str:
    return user.role if user.is_active else f"{user.role}, shut out"


def _live_links(secret: str) -> QuerySet[SetupLink]:
    return SetupLink.objects.filter(
        digest=digest(secret), used_at=None, expires_at__gt=timezone.now()
    )


def _create(username: str, password: str, role: Role) -> User:
    user = User(username=username, role=role.value)
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save()
    return user
