"""How far monitors are, and when they may be through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from weighbridge.platform.monitors.models import Mode, Monitor, MonitorState
from weighbridge.platform.scans.models import Scan, ScanState

_WINDOW = timedelta(hours=1)
_LEAST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of one monitor, with what all scans of monitors do meanwhile.

    Attributes:
        waiting: scans that no person asked for and that are not over.
        per_hour: such scans that ended, in the last hour.
        left: until all of the list is examined; None where the total or the speed is not known.
    """

    listed: int
    chosen: int
    total: int | None
    waiting: int
    per_hour: int
    left: timedelta | None


def progress(monitor: Monitor) -> Progress:
    """Return how far a monitor is."""
    unasked = Scan.objects.filter(priority__lt=0)
    waiting = unasked.filter(state__in=(ScanState.QUEUED, ScanState.RUNNING)).count()
    now = timezone.now()
    recent = unasked.filter(finished_at__gt=now - _WINDOW)
    done = recent.aggregate(ended=Count("pk"), since=Min("started_at"))
    ended = done["ended"]
    left = None
    if monitor.mode == Mode.BACKFILL and monitor.total and ended:
        through = monitor.state == MonitorState.DONE
        to_list = 0 if through else max(0, monitor.total - monitor.listed)
        share = monitor.chosen / monitor.listed if monitor.listed else 1.0
        # Workers that began some minutes ago did in those minutes what they did.
        worked = min(_WINDOW, max(_LEAST, now - (done["since"] or now - _WINDOW)))
        left = worked * ((to_list * share + waiting) / ended)
    return Progress(monitor.listed, monitor.chosen, monitor.total, waiting, ended, left)
