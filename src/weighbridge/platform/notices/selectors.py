"""Reading one's own notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from weighbridge.platform.accounts.models import User
from weighbridge.platform.notices.models import Follow, Notice, Preference

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def unread(user: User | AnonymousUser) -> int:
    """Return how many notices somebody has not seen."""
    if not user.is_authenticated:
        return 0
    return Notice.objects.filter(user=user.pk, read_at=None).count()


def newest(user: User) -> QuerySet[Notice]:
    """Return a person's notices, newest first."""
    return Notice.objects.filter(user=user).order_by("-pk")


def follows(user: User) -> QuerySet[Follow]:
    """Return what a person follows, by name."""
    return Follow.objects.filter(user=user).select_related("model").order_by("model__name")


def is_followed(user: User | AnonymousUser, model: int) -> bool:
    """Tell whether somebody follows a model."""
    return user.is_authenticated and Follow.objects.filter(user=user.pk, model=model).exists()


def preference(user: User) -> Preference:
    """Return how a person wants to be told; the default is made on first use."""
    return Preference.objects.get_or_create(user=user)[0]
