"""Finds queued scans that no message speaks of any more, and sends new ones.

The database is the truth. A broker may lose everything, a process may end between its commit and
its message, a retry becomes due: all of that is a queued row whose message is missing. A message
too many is harmless, because a row is claimed once.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from weighbridge.platform.broker import announcing, queues
from weighbridge.platform.scans.models import Scan, ScanState

AT_ONCE = 500
log = logging.getLogger(__name__)


def reconcile() -> int:
    """Send the messages that are missing.

    Returns:
        How many were sent.
    """
    if not announcing.enabled():
        return 0
    return sum(_reconcile(name) for name in queues.NAMES)


def depth(name: str) -> int | None:
    """Return how many messages wait in a queue, which is declared if need be; None without answer.

    Args:
        name: one of `queues.NAMES`.
    """
    from weighbridge.platform.broker.app import application

    app = application()
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=4)
            channel = connection.default_channel
            queues.dead()(channel).declare()
            found = queues.declared(name)(channel)
            found.declare()
            return int(found.queue_declare(passive=True).message_count)
    except announcing.failures() as error:
        log.warning("the broker does not say how much waits in %s: %s", name, error)
        return None


def due(name: str) -> QuerySet[Scan]:
    """Return the queued scans of a queue that may be taken up now."""
    now = timezone.now()
    kind = Q(priority__gte=0) if name == queues.INTERACTIVE else Q(priority__lt=0)
    ready = Q(not_before=None) | Q(not_before__lte=now)
    return Scan.objects.filter(kind, ready, state=ScanState.QUEUED)


def _reconcile(name: str) -> int:
    waiting = due(name)
    now = timezone.now()
    patience = timedelta(seconds=settings.WEIGHBRIDGE_RECONCILE_SECONDS)
    never = Q(published_at=None)
    # A time that is still to come was written before the clock was set back.
    stale = Q(published_at__lt=now - patience) | Q(published_at__gt=now + patience)
    if not waiting.filter(never | stale).exists():
        return 0
    messages = depth(name)
    if messages is None:
        return 0
    told = waiting.exclude(published_at=None).count()
    lost = never if messages >= told else never | stale
    sent = 0
    while True:
        rows = _taken(waiting.filter(lost))
        for position, (number, priority) in enumerate(rows):
            if not announcing.publish(number, priority):
                rest = [pk for pk, _ in rows[position:]]
                Scan.objects.filter(pk__in=rest, state=ScanState.QUEUED).update(published_at=None)
                return sent
            sent += 1
        if len(rows) < AT_ONCE:
            return sent


@transaction.atomic
def _taken(rows: QuerySet[Scan]) -> list[tuple[int, int]]:
    """Mark rows as told, so that nobody else sends their messages; returns number and priority."""
    chosen = list(
        rows.select_for_update(skip_locked=True, of=("self",))
        .order_by("-priority", "pk")
        .values_list("pk", "priority")[:AT_ONCE]
    )
    Scan.objects.filter(pk__in=[pk for pk, _ in chosen]).update(published_at=timezone.now())
    return chosen
