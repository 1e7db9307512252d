"""A worker that hears of its work from the broker."""

from __future__ import annotations

import logging
import mmap
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from weighbridge.platform.broker import queues
from weighbridge.platform.broker.app import TASK_SECONDS, application

SCAN_SECONDS = TASK_SECONDS - 60
_DATABASE_PAUSE_SECONDS = 2.0
log = logging.getLogger("weighbridge.worker")
# One byte that the processes of the pool share with the one that is told to stop.
_stopping = mmap.mmap(-1, 1)


def work(names: Sequence[str], processes: int) -> None:
    """Consume until told to stop; a scan that is being examined then is given back at once.

    Args:
        names: of `queues.NAMES`.
        processes: each examines one target at a time.
    """
    from celery import signals

    app = application()
    app.task(name=queues.TASK, bind=False)(scan)
    app.task(name=queues.HELP, bind=False)(lend_a_hand)
    signals.worker_shutting_down.connect(_stop)
    signals.worker_process_init.connect(_forget_connections)
    signals.task_prerun.connect(_tidy)
    signals.task_postrun.connect(_tidy)
    signals.setup_logging.connect(_keep_logging)
    chosen = ",".join(f"{queues.PREFIX}{name}" for name in names)
    name = f"weighbridge-{'-'.join(names)}-{os.getpid()}@{socket.gethostname()}"
    app.worker_main(
        ["worker", "--pool=prefork", f"--concurrency={processes}", f"--queues={chosen}"]
        + ["--without-gossip", "--without-mingle", f"--hostname={name}", "--loglevel=INFO"]
    )


def scan(number: int) -> None:
    """Examine what a message names, if it still is to be examined."""
    from django.db import DatabaseError

    from weighbridge.platform.audit.context import caused_by
    from weighbridge.platform.scans import running, services

    try:
        row = services.claim(f"{socket.gethostname()}/{os.getpid()}", number)
        if row is None:
            return
        with caused_by(row.request_id):
            log.info("scan", extra={"fields": {"scan": row.pk, "attempt": row.attempts}})
            running.run(row, _left_alone(), _late())
    except DatabaseError as error:
        # The row says what is still to be done, and the reconciler sends a new message for it.
        log.error("the database does not answer: %s", error)
        time.sleep(_DATABASE_PAUSE_SECONDS)


def lend_a_hand(number: int) -> None:
    """Help with a scan that another worker runs, if it still runs."""
    from django.db import DatabaseError

    from weighbridge.platform.scans import helping

    stopped, late = _left_alone(), _late()
    try:
        helping.lend_a_hand(number, lambda: stopped() or late())
    except DatabaseError as error:
        log.error("the database does not answer: %s", error)


def _left_alone() -> Callable[[], bool]:
    """Return what tells whether to end: told to, or whoever started this is gone."""
    parent = os.getppid()
    return lambda: bool(_stopping[0]) or os.getppid() != parent


def _late() -> Callable[[], bool]:
    """Return what tells whether the time of a task that starts now is over."""
    until = time.monotonic() + SCAN_SECONDS
    return lambda: time.monotonic() > until


def _stop(**_given: Any) -> None:
    _stopping[0] = 1


def _keep_logging(**_given: Any) -> None:
    """Django has set up logging already."""


def _forget_connections(**_given: Any) -> None:
    """Leave the parent's connections to the parent."""
    from django.db import connections

    connections.close_all()


def _tidy(**_given: Any) -> None:
    """Give up connections that the database has closed."""
    from django.db import close_old_connections

    close_old_connections()
