"""Telling a broker that there is work, after the row that says so is committed.

A message that gets lost costs time and nothing else: see `reconciling`.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from weighbridge.platform.broker import queues
from weighbridge.platform.scans.models import Scan, ScanState

_PAUSE_SECONDS = 10.0
"""After a failure no other message of this process waits for the broker for so long."""
_ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
"""A connection may have been lost since the last message; it is made anew, and that is all."""
log = logging.getLogger(__name__)
_silent_until = 0.0


def enabled() -> bool:
    """Tell whether there is a broker to tell."""
    return bool(settings.WEIGHBRIDGE_BROKER_URL)


def intended() -> datetime | None:
    """Return what a row says that is going to be announced by its transaction."""
    return timezone.now() if enabled() else None


def announce(scan: Scan) -> None:
    """Tell the broker of a queued scan when the caller's transaction is committed."""
    if enabled():
        transaction.on_commit(lambda: _announce(scan.pk, scan.priority))


def call(scan: Scan, count: int) -> int:
    """Send messages to whoever has time to help with a running scan; returns how many."""
    if not enabled():
        return 0
    return sum(publish(scan.pk, scan.priority, queues.HELP) for _ in range(count))


def publish(number: int, priority: int, task: str = queues.TASK) -> bool:
    """Send one message and wait for the broker's confirmation; tells whether it came."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    from weighbridge.platform.broker.app import application

    name = queues.queue_of(priority)
    app = application()
    try:
        app.send_task(
            task,
            args=[number],
            queue=f"{queues.PREFIX}{name}",
            retry=True,
            retry_policy=_ONCE_MORE,
        )
    except failures() as error:
        _silent_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("the broker was not told of scan %s: %s", number, error)
        return False
    return True


def _announce(number: int, priority: int) -> None:
    if not publish(number, priority):
        rows = Scan.objects.filter(pk=number, state=ScanState.QUEUED)
        rows.update(published_at=None)


def failures() -> tuple[type[Exception], ...]:
    """Return what is raised when a broker does not answer."""
    from amqp.exceptions import AMQPError
    from kombu.exceptions import KombuError

    return (KombuError, AMQPError, OSError)
