"""Reading the history."""

from __future__ import annotations

from django.db.models import QuerySet

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.models import Event


def events(user: User) -> QuerySet[Event]:
    """Return the whole history, newest first, for those who may read it."""
    require(user, Action.READ_AUDIT)
    return Event.objects.order_by("-seq")


def of_case(number: int) -> QuerySet[Event]:
    """Return a case's own history, oldest first; whoever may see the case may see it."""
    return Event.objects.filter(case_number=number).order_by("seq")


def of_object(kind: str, identifier: str | int) -> QuerySet[Event]:
    """Return what happened to one object, oldest first."""
    return Event.objects.filter(object_kind=kind, object_id=str(identifier)).order_by("seq")
