"""The numbers of the front page: what waits, how long, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.cases.models import Case, CaseState

_AGES = (
    ("under 1 hour", timedelta(hours=1)),
    ("1 to 6 hours", timedelta(hours=6)),
    ("6 to 24 hours", timedelta(days=1)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
    ("1 to 4 weeks", timedelta(days=28)),
)
_OLDER = "older"


@dataclass(frozen=True, slots=True)
class Overview:
    """The queue in numbers.

    Attributes:
        waiting: cases that nobody has claimed, those that wait for an answer included.
        oldest: when the oldest of them was opened.
        decided: in the last seven days.
        approvals: proposals that wait for a second person.
        ages: how many wait for how long, youngest first.
    """

    waiting: int
    oldest: datetime | None
    decided: int
    approvals: int
    ages: tuple[tuple[str, int], ...]


def overview(user: User) -> Overview:
    """Return the numbers, in three queries whatever the length of the queue.

    Raises:
        PermissionDenied: they may not read the queue.
    """
    require(user, Action.READ_QUEUE)
    now = timezone.now()
    counts, later = {}, None
    for number, (_, age) in enumerate(_AGES):
        younger = Q(opened_at__gt=now - age)
        counts[f"age{number}"] = Count("pk", filter=younger & ~later if later else younger)
        later = younger
    rows = Case.objects.filter(state=CaseState.QUEUED).order_by()
    found = rows.aggregate(waiting=Count("pk"), oldest=Min("opened_at"), **counts)
    ages = [(name, found[f"age{number}"]) for number, (name, _) in enumerate(_AGES)]
    ages.append((_OLDER, found["waiting"] - sum(count for _, count in ages)))
    decided = Case.objects.filter(state=CaseState.DECIDED, decided_at__gte=now - timedelta(days=7))
    approvals = Case.objects.filter(state=CaseState.PROPOSED)
    return Overview(
        waiting=found["waiting"],
        oldest=found["oldest"],
        decided=decided.count(),
        approvals=approvals.count(),
        ages=tuple(ages),
    )
