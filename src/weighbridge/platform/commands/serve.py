"""``weighbridge serve``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import click

from weighbridge.platform.commands.starting import migrate, start

HELP = """\
Run the platform: web server, API and scan worker, on this machine.

The first time, a link is printed that makes the first administrator; it works once. Settings come
from WEIGHBRIDGE_... variables; see the settings page of the documentation.

\b
Examples:
  weighbridge serve
  WEIGHBRIDGE_DATABASE_URL=postgresql://registry@db/registry weighbridge serve --workers 4
"""
DEFAULT_BIND = "127.0.0.1:8470"
_STOP_S = 30
_RESTART_S = 2


@click.command("serve", help=HELP, short_help="Run the platform on this machine.")
@click.option("--bind", default=DEFAULT_BIND, show_default=True, metavar="HOST:PORT")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    metavar="N",
    help="Processes of the web server.",
)
@click.option("--scan-worker/--no-scan-worker", default=True, help="Also run a scan worker.")
def command(bind: str, workers: int, scan_worker: bool) -> int:
    """Migrate, print the set-up link if one is needed, and run until told to stop."""
    if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}", bind):
        raise click.UsageError("--bind must look like 127.0.0.1:8470")
    os.environ.setdefault("WEIGHBRIDGE_URL", f"http://{bind}")
    start()
    migrate()
    _print_link()
    os.environ["WEIGHBRIDGE_BIND"] = bind
    os.environ["WEIGHBRIDGE_WEB_PROCESSES"] = str(workers)
    click.echo(f"Weighbridge is at {os.environ['WEIGHBRIDGE_URL']} (Ctrl-C stops it)")
    return Supervisor(scan_worker).run()


def _print_link() -> None:
    from weighbridge.platform.accounts.services import new_setup_secret

    if secret := new_setup_secret():
        click.echo("Nobody can administer this platform yet. This link makes an administrator;")
        click.echo("it works once, within 24 hours:")
        click.echo(f"  {os.environ['WEIGHBRIDGE_URL']}/setup/{secret}")


class Supervisor:
    """Keeps the web server and the scan worker running, and stops both together."""

    def __init__(self, scan_worker: bool) -> None:
        self._stopping = False
        self._web = _spawn("weighbridge.platform.commands.web_server")
        self._wants_worker = scan_worker
        self._worker = _worker() if scan_worker else None
        self._restart_at = 0.0

    def run(self) -> int:
        """Run until a signal or the end of the web server; returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        while not self._stopping and self._web.poll() is None:
            self._keep_worker()
            time.sleep(0.2)
        children = [child for child in (self._web, self._worker) if child is not None]
        for child in children:
            child.terminate()
        _wait(children)
        return 0 if self._stopping else 2

    def _stop(self, *_signal: object) -> None:
        self._stopping = True

    def _keep_worker(self) -> None:
        """Start the worker again a while after it died: its scans are rows, nothing is lost."""
        if self._worker is None or self._worker.poll() is None:
            return
        now = time.monotonic()
        if not self._restart_at:
            click.echo("weighbridge: the scan worker ended; starting it again", err=True)
            self._restart_at = now + _RESTART_S
        elif now >= self._restart_at:
            self._worker = _worker()
            self._restart_at = 0.0


def _worker() -> subprocess.Popen[bytes]:
    """Start a worker; where a broker hands out the scans, one for everything else."""
    from django.conf import settings

    words = ["--chores"] if settings.WEIGHBRIDGE_BROKER_URL else []
    return _spawn("weighbridge", "worker", *words)


def _spawn(module: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *words],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches this process only, which then stops them in order.
    )


def _wait(children: Sequence[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + _STOP_S
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
