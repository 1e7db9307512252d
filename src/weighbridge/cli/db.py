"""``weighbridge db``: the known vulnerabilities of libraries."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from weighbridge.text.escaping import visible

if TYPE_CHECKING:
    from weighbridge.libraries.importing import Imported
    from weighbridge.libraries.store import About

HELP = """\
Keep the known vulnerabilities of Python packages at hand.

A scan matches the libraries that a model needs against them, offline. They are OSV records, from
osv.dev, from a copy of pypa/advisory-database, or from a file. WEIGHBRIDGE_DB names another file
than the usual one to keep them in.

\b
Examples:
  weighbridge db update                                   fetch what osv.dev has on PyPI
  weighbridge db update --from advisory-database/vulns    a folder of JSON or YAML
  weighbridge db update --from all.zip                    without any network
  weighbridge db info
"""
_REASONS = 5


@click.group("db", help=HELP, short_help="Keep known vulnerabilities of libraries at hand.")
def command() -> None:
    """The group; its text is HELP."""


@command.command("update", short_help="Import records.")
@click.option(
    "--from",
    "place",
    metavar="FILE|DIR|URL",
    help="OSV records: a zip or folder of them, one record, or an address of these. "
    "[default: osv.dev's all.zip for PyPI]",
)
def update(place: str | None) -> None:
    """Import records; what was there is replaced when all of them are read, or stays as it is."""
    from weighbridge.libraries import fetching
    from weighbridge.libraries.importing import import_records
    from weighbridge.libraries.store import usual_place

    database = usual_place()
    given = place or fetching.USUAL
    local = given
    if fetching.is_address(given):
        folder = f"{os.path.splitext(database)[0]}.fetched"
        with _meter("fetching") as told:
            local = fetching.fetched(given, folder, told)
    with _meter("importing") as told:
        label = given if local != given else None
        done = import_records(database, local, label, told)
    _report(done)
    _show(database)


@command.command("info", short_help="Show what is there, and how old it is.")
def info() -> None:
    """Show what is there, and how old it is."""
    from weighbridge.libraries.store import usual_place

    place = usual_place()
    if not os.path.exists(place):
        raise click.ClickException("there are no vulnerabilities yet: run weighbridge db update")
    _show(place)


def _show(place: str) -> None:
    from weighbridge.libraries.store import Store

    store = Store(place)
    try:
        about = store.about()
    finally:
        store.close()
    click.echo(click.format_filename(place))
    click.echo(_summary(about))
    for source, count in about.sources:
        click.echo(f"  {count:,} from {visible(source, 200)}")


def _summary(about: About) -> str:
    days = about.age_days(datetime.now(UTC))
    newest = f"; the newest is of {about.newest[:10]}, {days} days old" if about.newest else ""
    return f"{about.records:,} records in force, {about.withdrawn:,} withdrawn{newest}"


def _report(done: Imported) -> None:
    parts = [
        f"{done.added:,} new",
        f"{done.changed:,} changed",
        f"{done.unchanged:,} unchanged",
        *([f"{done.kept:,} older than what is known"] if done.kept else []),
        *([f"{done.dropped:,} gone"] if done.dropped else []),
        f"{done.refused:,} refused",
    ]
    click.echo(", ".join(parts))
    for entry, reason in done.reasons[:_REASONS]:
        click.echo(f"  refused {visible(entry, 200)}: {visible(reason, 200)}")
    if done.refused > _REASONS:
        click.echo(f"  and {done.refused - _REASONS:,} more")


@contextmanager
def _meter(verb: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show progress on a terminal's standard error, on one line."""
    shown = sys.stderr.isatty()

    def told(done: int, total: int | None) -> None:
        if shown:
            of = f" of {total:,}" if total else ""
            click.echo(f"\r{verb} {done:,}{of}", err=True, nl=False)

    try:
        yield told
    finally:
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)
