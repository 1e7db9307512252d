"""What Prometheus is told: out of the database, so that every process says the same.

Numbers of what ended are those of the last minutes: rows are not counted from the beginning of time
at every question. Only for whoever knows the token.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from weighbridge.platform.broker.queues import BULK, INTERACTIVE
from weighbridge.platform.cases.models import Case
from weighbridge.platform.monitors.models import Monitor
from weighbridge.platform.scans.models import HubPause, Scan, ScanState
from weighbridge.platform.web.look_ups import register_look_ups

WINDOW = timedelta(minutes=5)
_REASON = re.compile(r"[A-Za-z]{1,40}Error(?=:)")
_LOST = "was lost"


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' own format."""
    token = settings.WEIGHBRIDGE_METRICS_TOKEN
    if not token:
        return HttpResponse("no such address\n", status=404, content_type="text/plain")
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        return HttpResponse("the token is wrong\n", status=401, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(_Collector())
    register_look_ups(registry)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Collector:
    """Asks the database when Prometheus asks us."""

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        yield from _queues()
        yield from _under_way()
        yield from _ended()
        yield from _monitors()
        pauses = HubPause.objects.filter(until__gt=timezone.now()).count()
        yield GaugeMetricFamily(
            "weighbridge_hubs_paused", "Hubs that want no requests now", value=pauses
        )

    def describe(self) -> list[Metric]:
        """Ask the database nothing when this is registered."""
        return []


def _queues() -> Iterator[Metric]:
    now = timezone.now()
    depth = GaugeMetricFamily("weighbridge_queue_depth", "Scans that wait", labels=["queue"])
    age = GaugeMetricFamily(
        "weighbridge_queue_age_seconds",
        "Since the oldest waiting one was asked for",
        labels=["queue"],
    )
    for name, kind in ((INTERACTIVE, Q(priority__gte=0)), (BULK, Q(priority__lt=0))):
        waiting = Scan.objects.filter(kind, state=ScanState.QUEUED)
        found = waiting.aggregate(count=Count("pk"), oldest=Min("created_at"))
        depth.add_metric([name], found["count"])
        oldest = found["oldest"] or now
        age.add_metric([name], max(0.0, (now - oldest).total_seconds()))
    yield depth
    yield age


def _under_way() -> Iterator[Metric]:
    states = (ScanState.RUNNING, ScanState.PARKED)
    counts = Scan.objects.filter(state__in=states).values_list("state").annotate(Count("pk"))
    found = dict(counts.order_by())
    shown = GaugeMetricFamily("weighbridge_scans", "Scans in a state", labels=["state"])
    for state in states:
        shown.add_metric([state.value], found.get(state.value, 0))
    yield shown
    waiting = Case.objects.filter(state="queued").count()
    yield GaugeMetricFamily(
        "weighbridge_cases_queued", "Cases that nobody has taken", value=waiting
    )


def _ended() -> Iterator[Metric]:
    recent = Scan.objects.filter(finished_at__gt=timezone.now() - WINDOW)
    verdicts = GaugeMetricFamily(
        "weighbridge_scans_done_5m", "Scans done in five minutes", labels=["verdict"]
    )
    size = fetched = 0
    done = recent.filter(state=ScanState.DONE).values("verdict").order_by()
    for row in done.annotate(
        count=Count("pk"), size=Sum("bytes_total"), fetched=Sum("bytes_fetched")
    ):
        verdicts.add_metric([row["verdict"]], row["count"])
        size += row["size"]
        fetched += row["fetched"]
    yield verdicts
    yield GaugeMetricFamily(
        "weighbridge_scanned_bytes_5m", "Length of the files of those", value=size
    )
    yield GaugeMetricFamily(
        "weighbridge_fetched_bytes_5m", "Bytes fetched from hubs for those", value=fetched
    )
    failures = GaugeMetricFamily(
        "weighbridge_scans_failed_5m", "Scans given up in five minutes", labels=["state", "reason"]
    )
    given_up = recent.filter(state__in=(ScanState.FAILED, ScanState.PARKED))
    counted = Counter(
        (state, _reason(text)) for state, text in given_up.values_list("state", "error")
    )
    for (state, reason), count in counted.items():
        failures.add_metric([state, reason], count)
    yield failures


def _reason(error: str) -> str:
    """Return one of a few words; what a model is called would make a series of its own."""
    if (found := _REASON.match(error)) is not None:
        return found[0]
    return "worker-lost" if error.endswith(_LOST) else "target"


def _monitors() -> Iterator[Metric]:
    labels = ["monitor", "provider", "mode"]
    listed = CounterMetricFamily(
        "weighbridge_monitor_listed", "Models seen in lists", labels=labels
    )
    made = CounterMetricFamily("weighbridge_monitor_scans", "Scans made of them", labels=labels)
    for one in Monitor.objects.exclude(state="done").order_by("pk")[:100]:
        words = [str(one.pk), one.provider, one.mode]
        listed.add_metric(words, one.listed)
        made.add_metric(words, one.chosen)
    yield listed
    yield made
