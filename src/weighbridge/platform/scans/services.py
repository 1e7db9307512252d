"""Requesting scans, and the queue that workers take them from."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from weighbridge.errors import TargetError
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.context import request_id
from weighbridge.platform.audit.errors import Conflict, NotFound
from weighbridge.platform.audit.services import Act, Actor, record
from weighbridge.platform.broker import announcing
from weighbridge.platform.hub_access import checked_address
from weighbridge.platform.scans.models import InFlight, Scan, ScanState, TargetKind
from weighbridge.platform.scans.targets import allowed_path
from weighbridge.platform.scans.transitions import transition

LEASE_SECONDS = 120
ATTEMPTS = 3
BACKOFF_SECONDS = 15
WORKER = "worker"


def request(user: User, kind: str, target: str, *, deep: bool = False, priority: int = 0) -> Scan:
    """Ask for a target to be scanned.

    Args:
        user: who asks.
        kind: `hub` or `path`; an upload comes through `uploads.receive`.
        target: an address such as ``hf://org/name``, or a path on the server.
        deep: read every byte: search it for known payloads, and compute every hash.
        priority: higher is sooner.

    Raises:
        PermissionDenied: they may not.
        TargetError: the server does not scan such a target.
    """
    require(user, Action.REQUEST_SCAN)
    if kind not in (TargetKind.HUB, TargetKind.PATH):
        raise TargetError(f"a {kind} is not asked for by name")
    if kind == TargetKind.PATH:
        allowed_path(target)
    else:
        target = checked_address(target, settings.WEIGHBRIDGE_HUBS)
    with transaction.atomic():
        return enqueue(user, Scan(kind=kind, target=target, deep=deep, priority=priority))


def enqueue(actor: Actor, scan: Scan) -> Scan:
    """Put a new row into the queue, in the caller's transaction. `actor` may be a schedule."""
    scan.requested_by = actor if isinstance(actor, User) else None
    scan.target = storable(scan.target, 1024)
    scan.published_at = announcing.intended()
    scan.request_id = request_id.get() or token_hex(8)
    scan.save(force_insert=True)
    announcing.announce(scan)
    act = Act("scan-request", "scan", scan.pk, after=scan.state, data={"target": scan.target})
    record(actor, act)
    return scan


@transaction.atomic
def claim(worker: str, number: int | None = None) -> Scan | None:
    """Give a worker the next scan, or the one that a message names.

    Two workers never get the same: PostgreSQL skips rows that somebody else has locked, SQLite has
    one writer at a time.

    Returns:
        The scan, running under a lease, or None when nothing is to be done.
    """
    now = timezone.now()
    waiting = Scan.objects.filter(state=ScanState.QUEUED).filter(
        Q(not_before=None) | Q(not_before__lte=now)
    )
    if number is not None:
        waiting = waiting.filter(pk=number)
    scan = waiting.select_for_update(skip_locked=True).order_by("-priority", "pk").first()
    if scan is None:
        return None
    return transition(
        scan,
        "claim",
        WORKER,
        worker=storable(worker, 100),
        lease_until=now + lease(),
        attempts=scan.attempts + 1,
        started_at=scan.started_at or now,
        not_before=None,
        error="",
    )


def lease() -> timedelta:
    """Return how long who works on something may be silent."""
    return timedelta(seconds=_setting("SCAN_LEASE_SECONDS", LEASE_SECONDS))


def heartbeat(scan: Scan) -> bool:
    """Extend the lease; False when the scan is not this worker's any more."""
    return bool(_own(scan).update(lease_until=timezone.now() + lease()))


def advance(scan: Scan, files: int, size: int) -> None:
    """Write down how far a scan is, which also extends the lease.

    Raises:
        Conflict: it is not this worker's any more; nothing of it may be stored.
    """
    until = timezone.now() + lease()
    if not _own(scan).update(lease_until=until, files_done=files, bytes_total=size):
        raise Conflict(f"scan {scan.pk} was given to another worker")


@transaction.atomic
def finish(scan: Scan, verdict: str) -> Scan:
    """Mark a scan as done."""
    return transition(scan, "finish", WORKER, verdict=verdict, finished_at=timezone.now())


@transaction.atomic
def fail(scan: Scan, error: str, *, transient: bool) -> Scan:
    """Write down that a scan did not come to its end.

    Args:
        scan: as it was claimed.
        error: a sentence for people.
        transient: another attempt may go better. After the last one the scan is parked with its
            reason, until a person sends it back to the queue.
    """
    now = timezone.now()
    error = storable(error)
    if not transient:
        return transition(scan, "fail", WORKER, error, error=error, finished_at=now)
    if is_last(scan):
        return transition(scan, "park", WORKER, error, error=error, finished_at=now)
    wait = timedelta(seconds=BACKOFF_SECONDS * 4 ** (scan.attempts - 1))
    return transition(scan, "retry", WORKER, error, error=error, not_before=now + wait)


@transaction.atomic
def release(scan: Scan, reason: str, until: datetime | None = None) -> Scan:
    """Give a scan back that was not even tried to its end; the attempt does not count.

    Args:
        scan: as it was claimed.
        reason: a sentence for people.
        until: it is not to be taken up again before.
    """
    when = announcing.intended() if until is None else None
    columns: dict[str, Any] = {"attempts": scan.attempts - 1, "not_before": until}
    scan = transition(
        scan, "release", WORKER, reason, error=storable(reason), published_at=when, **columns
    )
    if until is None:
        announcing.announce(scan)
    return scan


def _lost(now: datetime) -> Q:
    """Tell scans whose lease is over, or reaches further than any lease: the clock was set back."""
    over = Q(lease_until__lt=now) | Q(lease_until__gt=now + 2 * lease())
    return Q(state=ScanState.RUNNING) & over


def is_last(scan: Scan) -> bool:
    """Tell whether a claimed scan is at its last attempt."""
    return scan.attempts >= _setting("SCAN_ATTEMPTS", ATTEMPTS)


def reclaim() -> int:
    """Take back scans whose worker has not been heard of since its lease ended.

    Returns:
        How many.
    """
    count = 0
    for number in Scan.objects.filter(_lost(timezone.now())).values_list("pk", flat=True):
        count += _take_back(number)
    return count


@transaction.atomic
def _take_back(number: int) -> bool:
    lost = Scan.objects.filter(_lost(timezone.now()), pk=number)
    scan = lost.select_for_update(skip_locked=True).first()
    if scan is None:
        return False
    InFlight.objects.filter(scan=scan).delete()
    error = f"worker {scan.worker} was lost"
    if is_last(scan):
        transition(scan, "park", WORKER, error, error=error, finished_at=timezone.now())
    else:
        transition(scan, "retry", WORKER, error, error=error)
    return True


def cancel(user: User, number: int) -> Scan:
    """Take a scan out of the queue.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Conflict: it is running or over.
    """
    require(user, Action.REQUEST_SCAN)
    with transaction.atomic():
        scan = _for(user, number)
        from weighbridge.platform.scans.uploads import discard

        scan = transition(scan, "cancel", user, finished_at=timezone.now())
        transaction.on_commit(lambda: discard(scan))
        return scan


def requeue(user: User, number: int) -> Scan:
    """Send a parked or failed scan back to the queue, with fresh attempts.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Conflict: it is neither parked nor failed.
    """
    require(user, Action.REQUEST_SCAN)
    with transaction.atomic():
        scan = _for(user, number)
        scan = transition(
            scan,
            "requeue",
            user,
            attempts=0,
            not_before=None,
            finished_at=None,
            published_at=announcing.intended(),
        )
        announcing.announce(scan)
        return scan


def _for(user: User, number: int) -> Scan:
    scan = Scan.objects.select_for_update(of=("self",)).filter(pk=number).first()
    own = scan is not None and scan.requested_by_id == user.pk
    if scan is None or not (own or allowed(user, Action.READ_QUEUE)):
        raise NotFound(f"there is no scan {number}")
    return scan


def _own(scan: Scan) -> QuerySet[Scan]:
    return Scan.objects.filter(
        pk=scan.pk, state=ScanState.RUNNING, worker=scan.worker, attempts=scan.attempts
    )


def _setting(name: str, default: int) -> int:
    return int(getattr(settings, f"WEIGHBRIDGE_{name}", default))
