"""``weighbridge worker``."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

import click

from weighbridge.platform.commands.starting import start

HELP = """\
Examine what waits to be scanned, one target after the other, until told to stop.

`weighbridge serve` starts one. Any number may run, on any machine that reaches the database and,
for uploads, the data folder. A worker that is killed loses nothing: its scan goes on elsewhere.

Where WEIGHBRIDGE_BROKER_URL names a RabbitMQ server, --celery makes a worker that hears of its work
from there, and one with --chores has to run somewhere; `weighbridge serve` starts that one then.

\b
Examples:
  weighbridge worker
  weighbridge worker --celery --queue interactive
  weighbridge worker --celery --queue bulk --processes 4
"""
_IDLE_S = 0.5
_CHORES_S = 5.0
log = logging.getLogger("weighbridge.worker")


@click.command("worker", help=HELP, short_help="Examine what waits to be scanned.")
@click.option("--once", is_flag=True, help="End when nothing waits.")
@click.option("--chores", is_flag=True, help="Everything but scans: lost work, hunts, messages.")
@click.option("--celery", is_flag=True, help="Scans that the broker tells of, and nothing else.")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(["interactive", "bulk"]),
    help="With --celery: which to serve; may be repeated. [both]",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    metavar="N",
    help="With --celery: targets at the same time.",
)
def command(
    once: bool, chores: bool, celery: bool, queues: tuple[str, ...], processes: int
) -> None:
    """Work until a signal, or until nothing is left to do."""
    if celery and (once or chores):
        raise click.UsageError("--celery goes with neither --once nor --chores")
    start()
    if not celery:
        Worker(scans=not chores).run(once)
        return
    from weighbridge.platform.broker.queues import NAMES
    from weighbridge.platform.broker.working import work

    work(queues or NAMES, processes)


class Worker:
    """Claims scans and hunts; in between it sends messages and takes back lost work."""

    def __init__(self, scans: bool = True) -> None:
        self._scans = scans
        self._name = f"{socket.gethostname()}/{os.getpid()}"
        self._stopping = False
        self._parent = os.getppid()
        self._chores_at = 0.0

    def run(self, once: bool = False) -> None:
        """Work until `stop`; with `once` until nothing is left to do."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        if not once:  # A hub may take its time, and nothing else waits for it.
            threading.Thread(target=self._watch, name="weighbridge-watch", daemon=True).start()
        while not self.stopped():
            self._do_chores()
            worked = self._scans and self._scan()
            worked = self._hunt() or worked
            if not worked and once:
                break
            if not worked:
                time.sleep(_IDLE_S)
        self._do_chores(now=True)

    def stopped(self) -> bool:
        """Tell whether to end: by a signal, or because whoever started this is gone."""
        return self._stopping or os.getppid() != self._parent

    def _stop(self, *_signal: object) -> None:
        self._stopping = True

    def _scan(self) -> bool:
        """Examine one target if one waits; tells whether one did."""
        from django.db import DatabaseError

        from weighbridge.platform.audit.context import caused_by
        from weighbridge.platform.scans import running, services

        try:
            scan = services.claim(self._name)
            if scan is None:
                return False
            with caused_by(scan.request_id):
                log.info("scan", extra={"fields": {"scan": scan.pk, "attempt": scan.attempts}})
                running.run(scan, self.stopped)
        except DatabaseError as error:
            self._trouble(error)
        return True

    def _hunt(self) -> bool:
        """Carry one hunt out if one waits; tells whether one did."""
        from django.db import DatabaseError

        from weighbridge.platform.scans import hunt_queue, hunts

        try:
            row = hunt_queue.claim(self._name)
            if row is None:
                return False
            if row.state == "running":
                log.info("hunt", extra={"fields": {"hunt": row.pk, "attempt": row.attempts}})
                hunts.run(row)
        except DatabaseError as error:
            self._trouble(error)
        return True

    def _watch(self) -> None:
        """Take the steps of monitors until this worker ends."""
        from django.db import DatabaseError

        from weighbridge.platform.monitors import services as monitors

        while not self.stopped():
            taken = 0
            try:
                taken = monitors.work()
            except DatabaseError as error:
                self._trouble(error)
            if not taken:
                time.sleep(_CHORES_S)

    def _do_chores(self, now: bool = False) -> None:
        from django.db import DatabaseError

        if not now and time.monotonic() < self._chores_at:
            return
        self._chores_at = time.monotonic() + _CHORES_S
        try:
            for chore in _chores():
                chore()
        except DatabaseError as error:
            self._trouble(error)

    def _trouble(self, error: Exception) -> None:
        """Wait a while after the database failed; rows say what is still to be done."""
        from django.db import connection

        log.error("the database does not answer: %s", error)
        connection.close()
        time.sleep(2)


def _chores() -> list[Callable[[], object]]:
    from weighbridge.platform.broker.reconciling import reconcile
    from weighbridge.platform.cases import services as cases
    from weighbridge.platform.cases import vouching
    from weighbridge.platform.inventories import services as inventories
    from weighbridge.platform.notices import telling
    from weighbridge.platform.publications import webhooks
    from weighbridge.platform.scans import services as scans
    from weighbridge.platform.scans import uploads

    return [
        scans.reclaim,
        reconcile,
        cases.expire,
        vouching.apply_pending,
        inventories.check_all,
        webhooks.work,
        telling.work,
        uploads.sweep,
    ]
