"""What came of scans, day by day, and how the workers fare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max
from django.db.models.functions import TruncDate
from django.utils import timezone

from weighbridge.platform.scans.models import VERDICTS, Scan, ScanState

DAYS = 30
ORDER = tuple(word for word, _ in VERDICTS)


@dataclass(frozen=True, slots=True)
class Day:
    """How many scans ended with each verdict, in the order of `ORDER`."""

    day: date
    counts: tuple[int, ...]


def verdicts_by_day(days: int = DAYS) -> list[Day]:
    """Return the last days, oldest first, quiet ones included; one query."""
    today = timezone.now().date()
    first = today - timedelta(days=days - 1)
    rows = (
        Scan.objects.filter(state=ScanState.DONE, finished_at__date__gte=first)
        .order_by()
        .annotate(day=TruncDate("finished_at"))
        .values_list("day", "verdict")
        .annotate(count=Count("pk"))
    )
    found = {(day, verdict): count for day, verdict, count in rows}
    every = [first + timedelta(days=number) for number in range(days)]
    return [Day(day, tuple(found.get((day, word), 0) for word in ORDER)) for day in every]


@dataclass(frozen=True, slots=True)
class Workers:
    """How scanning goes: what waits, what runs, what was given up, and when one last ended."""

    queued: int
    running: int
    parked: int
    last: datetime | None


def workers() -> Workers:
    """Return how scanning goes, in two queries."""
    states = Scan.objects.exclude(state__in=["done", "failed", "cancelled"]).order_by()
    counts = dict(states.values_list("state").annotate(Count("pk")))
    last = Scan.objects.aggregate(last=Max("finished_at"))["last"]
    return Workers(counts.get("queued", 0), counts.get("running", 0), counts.get("parked", 0), last)
