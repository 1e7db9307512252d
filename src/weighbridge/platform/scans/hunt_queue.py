"""Hunts as rows that workers claim, with a lease and with how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.audit.services import Act, record
from weighbridge.platform.scans.models import Hunt

LEASE_SECONDS = 120
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many artifacts and versions a hunt looked at, and how many it concerns."""

    examined: int
    hits: int
    cases_opened: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.examined + other.examined,
            self.hits + other.hits,
            self.cases_opened + other.cases_opened,
        )


@transaction.atomic
def claim(worker: str) -> Hunt | None:
    """Give a worker the hunt that has waited longest, or one whose worker was lost.

    Returns:
        The hunt, running under a lease; None when none is to be carried out.
    """
    now = timezone.now()
    lost = Q(state="running") & (Q(lease_until=None) | Q(lease_until__lt=now))
    waiting = Hunt.objects.filter(Q(state="queued") | lost)
    row = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk").first()
    if row is None:
        return None
    if row.attempts >= ATTEMPTS:
        return _over(row, "failed", f"{ATTEMPTS} workers were lost over it")
    row.state, row.worker, row.attempts = "running", storable(worker, 100), row.attempts + 1
    row.lease_until = now + timedelta(seconds=LEASE_SECONDS)
    row.save()
    return row


def advance(row: Hunt | None, done: Outcome) -> None:
    """Write down what was done since the last time, which also extends the lease.

    Part of the caller's transaction, so that what was done and what is told of it agree.

    Raises:
        Conflict: the hunt was given to another worker.
    """
    if row is None:
        return
    changed = _own(row).update(
        examined=F("examined") + done.examined,
        hits=F("hits") + done.hits,
        cases_opened=F("cases_opened") + done.cases_opened,
        lease_until=timezone.now() + timedelta(seconds=LEASE_SECONDS),
    )
    if not changed:
        raise Conflict(f"hunt {row.pk} was given to another worker")


def expect(row: Hunt, total: int, afresh: bool) -> None:
    """Write down how much there is to look at; `afresh` when it begins at the beginning.

    Raises:
        Conflict: the hunt was given to another worker.
    """
    counts = {"examined": 0, "hits": 0, "cases_opened": 0} if afresh else {}
    if not _own(row).update(total=total, **counts):
        raise Conflict(f"hunt {row.pk} was given to another worker")
    row.total = total


@transaction.atomic
def finish(row: Hunt) -> Hunt:
    """Mark a hunt as done.

    Raises:
        Conflict: it was given to another worker.
    """
    still = _own(row).select_for_update(of=("self",)).first()
    if still is None:
        raise Conflict(f"hunt {row.pk} was given to another worker")
    return _over(still, "done", "")


def _over(row: Hunt, state: str, error: str) -> Hunt:
    before, row.state, row.error, row.finished_at = row.state, state, error, timezone.now()
    row.worker, row.lease_until = "", None
    row.save()
    data = {"examined": row.examined, "hits": row.hits, "cases_opened": row.cases_opened}
    act = Act(f"hunt-{state}", "hunt", row.pk, before=before, after=state, reason=error, data=data)
    record("worker", act)
    return row


def _own(row: Hunt) -> QuerySet[Hunt]:
    return Hunt.objects.filter(pk=row.pk, state="running", worker=row.worker, attempts=row.attempts)
