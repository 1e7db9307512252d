"""``weighbridge monitor``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from weighbridge.platform.commands.starting import start

if TYPE_CHECKING:
    from weighbridge.platform.monitors.models import Monitor

HELP = """\
Watch a hub: what is new or changed there is scanned.

A monitor is kept in the database and goes on where it was, whatever ends: `weighbridge serve` and
`weighbridge worker` take its steps. With --once one pass is made here and now, and scans wait for a
worker.

\b
Examples:
  weighbridge monitor huggingface
  weighbridge monitor huggingface --author org --since 2026-01-01 --once
  weighbridge monitor huggingface --backfill --min-downloads 1000 --total 2000000
  weighbridge monitor list
"""
_PAUSE_S = 1.0


@click.group("monitor", help=HELP, short_help="Watch a hub for new and changed models.")
def command() -> None:
    """Read the settings, and see that the database is as this version needs it."""
    start()
    from weighbridge.platform.web import health

    if health.database_problem() or health.migrations_missing():
        raise click.ClickException("the database is not set up; run `weighbridge serve` once")


def _watching(provider: str, title: str) -> click.Command:
    @click.command(provider, help=f"Watch {title}.", short_help=f"Watch {title}.")
    @click.option("--author", default="", help="Only models of this author.")
    @click.option("--tag", "tags", multiple=True, help="Only with this tag; may be repeated.")
    @click.option("--library", default="", help="Only for this library or framework.")
    @click.option("--min-downloads", type=click.IntRange(0), default=0, metavar="N")
    @click.option(
        "--since",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
        help="Only what changed since then, in UTC. [now; with --backfill: ever]",
    )
    @click.option("--backfill", is_flag=True, help="Once through all, the most popular first.")
    @click.option("--total", type=click.IntRange(1), help="Models in the list, for an estimate.")
    @click.option("--every", type=click.IntRange(10), default=300, show_default=True, metavar="S")
    @click.option("--once", is_flag=True, help="Make one pass now.")
    def watch(once: bool, **given: Any) -> None:
        from weighbridge.platform.monitors.models import MonitorState

        monitor = _made(provider, given)
        click.echo(f"monitor {monitor.pk} watches {title}")
        while once and not monitor.passes and monitor.state == MonitorState.ACTIVE:
            _step(monitor)
        if once:
            click.echo(_line(monitor))

    return watch


command.add_command(_watching("huggingface", "Hugging Face"))
command.add_command(_watching("kaggle", "Kaggle"))


@command.command("list", short_help="Show monitors and how far they are.")
def show() -> None:
    """Show monitors and how far they are."""
    from weighbridge.platform.monitors.models import Monitor

    for monitor in Monitor.objects.order_by("pk"):
        click.echo(_line(monitor))


def _switching(name: str, state: str, text: str) -> click.Command:
    @click.command(name, help=text, short_help=text)
    @click.argument("number", type=int)
    def switch(number: int) -> None:
        from weighbridge.platform.monitors import services
        from weighbridge.platform.monitors.models import MonitorState

        click.echo(_line(services.switch(number, MonitorState(state))))

    return switch


command.add_command(_switching("pause", "paused", "Pause a monitor."))
command.add_command(_switching("resume", "active", "Let a paused monitor go on."))


def _made(provider: str, given: dict[str, Any]) -> Monitor:
    from weighbridge.platform.monitors import services
    from weighbridge.platform.monitors.models import Mode
    from weighbridge.platform.monitors.wanted import Wanted

    since: datetime | None = given["since"]
    wanted = Wanted(
        given["author"],
        tuple(given["tags"]),
        given["library"],
        given["min_downloads"],
        since.replace(tzinfo=UTC) if since else None,
    )
    mode = Mode.BACKFILL if given["backfill"] else Mode.WATCH
    return services.create(provider, mode, wanted, given["every"], given["total"])


def _step(monitor: Monitor) -> None:
    """Take one step, or wait a moment where none is due."""
    from weighbridge.platform.monitors import services

    taken = services.step(monitor.pk)
    monitor.refresh_from_db()
    if monitor.error:
        raise click.ClickException(f"{monitor.error}; monitor {monitor.pk} goes on later")
    if not taken:
        time.sleep(_PAUSE_S)


def _line(monitor: Monitor) -> str:
    from weighbridge.platform.monitors.progress import progress

    how = progress(monitor)
    of = f" of {how.total}" if how.total else ""
    left = f", about {str(how.left).partition('.')[0]} left" if how.left else ""
    why = f": {monitor.error}" if monitor.error else ""
    return (
        f"{monitor.pk}  {monitor.provider} {monitor.mode}  {monitor.state}{why}  "
        f"{how.listed}{of} listed, {how.chosen} scans made; in all {how.waiting} wait, "
        f"{how.per_hour} ended in the last hour{left}"
    )
