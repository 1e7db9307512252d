"""Making monitors, and taking their next steps, one page of a list at a time.

A monitor that watches goes through what changed, newest first, until it meets what it knew: its
cursor holds that time as `mark`, the newest time of the pass that is under way as `top`, and where
the list goes on as `next`. One that fills up holds `next` alone. The page's scans and the cursor
after it are written in one transaction, so whatever ends a process, the next one goes on there.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from weighbridge.errors import TargetError
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Conflict, NotFound
from weighbridge.platform.audit.services import Act, record
from weighbridge.platform.monitors import listing
from weighbridge.platform.monitors.models import Mode, Monitor, MonitorState
from weighbridge.platform.monitors.sightings import MONITOR, see
from weighbridge.platform.monitors.wanted import Wanted
from weighbridge.platform.scans.models import Scan, ScanState
from weighbridge.sources.model_lists import ListedModel, Order, Page

WAITING = 2000
"""So many scans that nobody asked for may wait; then lists are not gone through any further."""
HELD_SECONDS = 600
"""Longer than a hub is waited for."""
PRIORITY = {Mode.WATCH.value: -5, Mode.BACKFILL.value: -10}
_FULL_SECONDS = 5
_ERROR_SECONDS = 60
_FAILURES = 10
"""In a row; then a list is begun anew, of which only what is new makes work."""
log = logging.getLogger(__name__)


@transaction.atomic
def create(
    provider: str, mode: str, wanted: Wanted, every_seconds: int = 300, total: int | None = None
) -> Monitor:
    """Make a monitor; its first step is due at once.

    Args:
        provider: `huggingface` or `kaggle`.
        mode: `watch` begins with what changes from now on, or since the time that is wanted;
            `backfill` goes once through everything, the most popular first.
        wanted: which models.
        every_seconds: between two passes of one that watches.
        total: of models in the list, for an estimate; None asks the hub, which may not say.
    """
    now = timezone.now()
    mark = wanted.since or now
    monitor = Monitor.objects.create(
        provider=provider,
        mode=mode,
        wanted=wanted.stored(),
        cursor={"mark": mark.isoformat()} if mode == Mode.WATCH else {},
        every_seconds=every_seconds,
        total=total,
        next_at=now,
    )
    data = {"provider": provider, "mode": mode, "wanted": monitor.wanted}
    record(MONITOR, Act("monitor-created", "monitor", monitor.pk, data=data))
    return monitor


@transaction.atomic
def switch(number: int, state: MonitorState) -> Monitor:
    """Pause a monitor or let it go on.

    Raises:
        NotFound: there is none.
        Conflict: it is done.
    """
    monitor = Monitor.objects.select_for_update().filter(pk=number).first()
    if monitor is None:
        raise NotFound(f"there is no monitor {number}")
    if monitor.state == MonitorState.DONE:
        raise Conflict(f"monitor {number} is done")
    before, monitor.state = monitor.state, state.value
    monitor.save(update_fields=["state"])
    act = Act("monitor-switched", "monitor", number, before=before, after=state.value)
    record(MONITOR, act)
    return monitor


def work() -> int:
    """Take one step of every monitor that is due; returns how many were taken."""
    due = Monitor.objects.filter(state=MonitorState.ACTIVE, next_at__lte=timezone.now())
    return sum(step(number) for number in due.order_by("next_at").values_list("pk", flat=True))


def step(number: int) -> bool:
    """Go through one page; False when somebody else does, or nothing is due.

    A hub that does not answer is asked again later; the monitor says why.
    """
    now = timezone.now()
    if Scan.objects.filter(state=ScanState.QUEUED, priority__lt=0).count() >= WAITING:
        later = now + timedelta(seconds=_FULL_SECONDS)
        Monitor.objects.filter(pk=number, next_at__lt=later).update(next_at=later)
        return False
    holder = uuid4().hex
    limit = now + timedelta(seconds=HELD_SECONDS)
    # Held longer than anybody holds it: the clock was set back since.
    free = Q(holder="") | Q(held_until__lt=now) | Q(held_until__gt=limit)
    mine = Monitor.objects.filter(free, pk=number, state=MonitorState.ACTIVE, next_at__lte=now)
    if not mine.update(holder=holder, held_until=limit):
        return False
    monitor = Monitor.objects.get(pk=number)
    wanted = Wanted.of(monitor.wanted)
    order = Order.POPULAR if monitor.mode == Mode.BACKFILL else Order.CHANGED
    try:
        page = listing.page(monitor.provider, wanted.asked(order), monitor.cursor.get("next"))
    except TargetError as error:
        _failed(monitor, holder, str(error))
        return False
    _store(monitor.pk, holder, wanted, page)
    return True


def _failed(monitor: Monitor, holder: str, error: str) -> None:
    log.warning("monitor %s: %s", monitor.pk, error)
    cursor = {**monitor.cursor, "failures": monitor.cursor.get("failures", 0) + 1}
    if cursor["failures"] >= _FAILURES:  # The hub may not know that place in its list any more.
        cursor.pop("next", None)
    Monitor.objects.filter(pk=monitor.pk, holder=holder).update(
        holder="",
        held_until=None,
        error=storable(error),
        next_at=timezone.now() + timedelta(seconds=_ERROR_SECONDS),
        cursor=cursor,
    )


@transaction.atomic
def _store(number: int, holder: str, wanted: Wanted, page: Page) -> None:
    monitor = Monitor.objects.select_for_update().filter(pk=number, holder=holder).first()
    if monitor is None:
        return  # It took so long that somebody else went on.
    cursor: dict[str, Any] = dict(monitor.cursor)
    seen, ended = page.models, page.following is None or page.following == cursor.get("next")
    if monitor.mode == Mode.WATCH:
        seen, known = _newer(seen, _time(cursor["mark"]))
        ended = ended or known
        times = [_time(one.changed) for one in seen] + [_time(cursor.get("top", ""))]
        newest = max((one for one in times if one), default=None)
        cursor["top"] = newest.isoformat() if newest else cursor["mark"]
    chosen = [one for one in seen if wanted.chooses(one)]
    monitor.listed += len(seen)
    monitor.chosen += see(monitor.provider, chosen, PRIORITY[monitor.mode])
    monitor.total = page.total or monitor.total
    monitor.error, monitor.holder, monitor.held_until = "", "", None
    monitor.next_at = timezone.now()
    cursor["next"] = page.following
    cursor.pop("failures", None)
    if ended:
        monitor.passes += 1
        cursor.pop("next")
        _end(monitor, cursor)
    monitor.cursor = cursor
    monitor.save()


def _end(monitor: Monitor, cursor: dict[str, Any]) -> None:
    if monitor.mode == Mode.BACKFILL:
        monitor.state = MonitorState.DONE
        return
    # A time that is still to come would hide all that changes until then.
    top, now = _time(cursor.pop("top")), timezone.now()
    cursor["mark"] = min(top or now, now).isoformat()
    monitor.next_at = now + timedelta(seconds=monitor.every_seconds)


def _newer(
    models: tuple[ListedModel, ...], mark: datetime | None
) -> tuple[tuple[ListedModel, ...], bool]:
    """Return what changed at `mark` or later, and whether there was anything older.

    What changed at the very same moment is seen again, and is known by its revision.
    """
    newer = [one for one in models if not mark or (_time(one.changed) or mark) >= mark]
    return tuple(newer), len(newer) < len(models)


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None  # It looks like a time and is none.
    return found if found is not None and found.tzinfo else None
