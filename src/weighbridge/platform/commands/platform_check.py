"""``weighbridge platform-check``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import click

from weighbridge.platform.commands.starting import start

HELP = """\
Check settings, database, triggers, history and disk of this platform.

Exit status 1 when something is wrong.
"""
_LEAST_FREE = 1 << 30


@click.command("platform-check", help=HELP, short_help="Check this platform.")
def command() -> int:
    """Print one line per thing that was looked at."""
    start()
    good = True
    for name, problem in _checks():
        good = good and not problem
        click.echo(f"{'wrong' if problem else 'good ':<6} {name}{': ' if problem else ''}{problem}")
    return 0 if good else 1


def _checks() -> Iterator[tuple[str, str]]:
    from django.conf import settings
    from django.core import checks

    from weighbridge.platform.audit import chain
    from weighbridge.platform.web import health

    messages = checks.run_checks(include_deployment_checks=settings.WEIGHBRIDGE_HTTPS)
    yield "settings", "; ".join(m.msg for m in messages if m.level >= checks.ERROR)
    yield "database", health.database_problem()
    missing = health.migrations_missing()
    yield "migrations", missing
    if missing:
        return
    yield "triggers", health.triggers_missing()
    history = chain.verify()
    yield "history", "" if history.ok else history.text
    free = shutil.disk_usage(settings.WEIGHBRIDGE_DATA).free
    yield "disk", "" if free >= _LEAST_FREE else f"only {free >> 20} MiB are free"
