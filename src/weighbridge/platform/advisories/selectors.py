"""Reading advisories. What is not public does not exist for who may not write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, QuerySet

from weighbridge.platform.accounts.permissions import Action, allowed
from weighbridge.platform.advisories.content import AdvisoryContent
from weighbridge.platform.advisories.models import (
    IN_FORCE,
    PUBLIC,
    Advisory,
    AdvisoryState,
    AffectedFile,
    Kind,
    Revision,
)
from weighbridge.platform.advisories.numbers import parsed
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.catalog.models import Model
from weighbridge.platform.catalog.selectors import DerivedModel, derived_from

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from weighbridge.platform.accounts.models import User


def public() -> QuerySet[Advisory]:
    """Return every advisory that anybody may read, withdrawn ones included, newest first."""
    rows = Advisory.objects.filter(state__in=PUBLIC).select_related("withdrawal", "model")
    return rows.order_by("-year", "-pk")


def visible_to(user: User | AnonymousUser) -> QuerySet[Advisory]:
    """Return the advisories that somebody may read: reserved ones only who may write a WS."""
    if allowed(user, Action.ISSUE_WS):
        return Advisory.objects.select_related("withdrawal", "model").order_by("-year", "-pk")
    return public()


def get(identifier: str, user: User | AnonymousUser | None = None) -> Advisory:
    """Return the advisory with a number, given as ``MSC-2026-0001`` or ``x_MSC-2026-0001``.

    Raises:
        NotFound: there is none, or it is not public and `user` may not see it.
    """
    named = parsed(identifier)
    rows = public() if user is None else visible_to(user)
    found = None
    if named is not None:
        found = rows.filter(kind=named[0], year=named[1], number=named[2]).first()
    if found is None:
        raise NotFound(f"there is no advisory {identifier}")
    return found


def content(advisory: Advisory) -> AdvisoryContent:
    """Return what an advisory says now; of a reserved one, its draft.

    Raises:
        NotFound: it says nothing.
    """
    row = advisory.revisions.filter(number=advisory.revision).first()
    if row is not None:
        return AdvisoryContent.from_json(row.content)
    if advisory.draft is None:
        raise NotFound("nothing is published under this number")
    return AdvisoryContent.from_plain(advisory.draft)


def contents(advisories: list[Advisory]) -> dict[int, AdvisoryContent]:
    """Return what several advisories say now, by key, in one query."""
    rows = Revision.objects.filter(
        advisory__in=advisories, number=F("advisory__revision")
    ).values_list("advisory_id", "content")
    return {number: AdvisoryContent.from_json(text) for number, text in rows}


def revisions(advisory: Advisory) -> QuerySet[Revision]:
    """Return everything that an advisory ever said, oldest first."""
    return advisory.revisions.order_by("number")


def modified_at(advisory: Advisory) -> datetime:
    """Return when an advisory last changed: its withdrawal, else its latest revision.

    An MSC is static, so until it is withdrawn this is when it was issued.
    """
    if advisory.state == AdvisoryState.WITHDRAWN:
        return advisory.withdrawal.at
    row = advisory.revisions.filter(number=advisory.revision).first()
    return advisory.created_at if row is None else row.created_at


def published_at(advisory: Advisory) -> datetime:
    """Return when an advisory became public.

    Raises:
        NotFound: it is not.
    """
    row = advisory.revisions.filter(number=1).first()
    if row is None:
        raise NotFound("this advisory is not public")
    return row.created_at


def for_sha256(sha256: str) -> QuerySet[Advisory]:
    """Return the advisories in force that name a file with this hash."""
    named = AffectedFile.objects.filter(sha256=sha256, revision__number=F("advisory__revision"))
    rows = Advisory.objects.filter(state__in=IN_FORCE, pk__in=named.values("advisory_id"))
    return rows.order_by("year", "number")


def for_model(model: Model) -> QuerySet[Advisory]:
    """Return the public advisories about a model, oldest first."""
    rows = Advisory.objects.filter(model=model, state__in=PUBLIC)
    return rows.order_by("year", "number")


def possibly_affected(advisory: Advisory) -> list[DerivedModel]:
    """Return the models derived from an advisory's target as known today."""
    return [] if advisory.model is None else derived_from(advisory.model)


def msc_in_force() -> QuerySet[Advisory]:
    """Return every MSC that is not withdrawn."""
    return Advisory.objects.filter(kind=Kind.MSC, state=AdvisoryState.ISSUED).order_by("pk")
