"""Decisions that a lead took alone in an emergency, for others to look at afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.advisories.models import Proposal
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.cases.models import Case, Vouch

_MOST = 50


@dataclass(frozen=True, slots=True)
class Alone:
    """One such decision.

    Attributes:
        what: was decided.
        about: words that people know the thing by.
        page: where it stands.
        by: who decided.
        at: when; None for a decision of before that was recorded.
    """

    what: str
    about: str
    page: str
    by: User | None
    at: datetime | None


def emergencies(user: User) -> list[Alone]:
    """Return the last 50 of each kind, newest first.

    Raises:
        PermissionDenied: they may not read the queue.
    """
    require(user, Action.READ_QUEUE)
    cases = Case.objects.filter(emergency=True).select_related("approver").order_by("-pk")
    vouches = Vouch.objects.filter(emergency=True).select_related("approver").order_by("-pk")
    acts = Proposal.objects.filter(emergency=True).select_related("advisory", "approver")
    found = [
        *(
            Alone(one.decision or "reopened since", one.title, f"/cases/{one.pk}", one.approver,
                  one.decided_at)
            for one in cases[:_MOST]
        ),
        *(
            Alone(one.act, bare(one.advisory), f"/advisories/{bare(one.advisory)}", one.approver,
                  one.created_at)
            for one in acts.order_by("-pk")[:_MOST]
        ),
        *(
            Alone(f"vouch, {one.state}", f"{one.module}.{one.name}", "/vouches", one.approver,
                  one.decided_at)
            for one in vouches[:_MOST]
        ),
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.at is None, one.at and -one.at.timestamp()))
