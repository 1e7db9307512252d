"""Following models, reading notices, and choosing how to be told."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.errors import NotFound, Refused
from weighbridge.platform.audit.services import Act, record
from weighbridge.platform.catalog.selectors import models_visible_to
from weighbridge.platform.notices.models import Follow, Notice, Preference, Rhythm
from weighbridge.platform.notices.selectors import preference

_MOST_FOLLOWS = 1000


def follow(user: User, model: int) -> None:
    """Tell a person of every advisory about a model from now on.

    Raises:
        NotFound: there is no such model for them.
        Refused: they follow too many.
    """
    require(user, Action.LOOK_UP)
    row = models_visible_to(user).filter(pk=model).first()
    if row is None:
        raise NotFound(f"there is no model {model}")
    if Follow.objects.filter(user=user).count() >= _MOST_FOLLOWS:
        raise Refused(f"you follow {_MOST_FOLLOWS} models; stop following one first")
    Follow.objects.get_or_create(user=user, model=row)


def unfollow(user: User, model: int) -> None:
    """Stop that."""
    Follow.objects.filter(user=user, model=model).delete()


def read(user: User) -> int:
    """Mark all of a person's notices as seen; returns how many."""
    return Notice.objects.filter(user=user, read_at=None).update(read_at=timezone.now())


@transaction.atomic
def choose(user: User, rhythm: str, email: str) -> None:
    """Set when and where a person gets e-mail.

    Raises:
        Refused: that is no address, or no rhythm.
    """
    email = email.strip()
    try:
        chosen = Rhythm(rhythm)
        if email:
            validate_email(email)
    except (ValueError, ValidationError):
        raise Refused("give an e-mail address, and say when to write to it") from None
    if email != user.email:
        User.objects.filter(pk=user.pk).update(email=email[:254])
        record(user, Act("user-email-changed", "user", user.pk))
    Preference.objects.filter(pk=preference(user).pk).update(
        rhythm=chosen, next_at=None, failures=0
    )


def unsubscribe(secret: str) -> None:
    """Switch e-mail off for the person whose message held this secret.

    Raises:
        NotFound: nobody's.
    """
    if not Preference.objects.filter(secret=secret).update(rhythm=Rhythm.NEVER):
        raise NotFound("this link is nobody's; choose on the page of your account")


def subscribed(secret: str) -> bool:
    """Tell whether a secret is somebody's."""
    return Preference.objects.filter(secret=secret).exists()
