"""``weighbridge restore``."""

from __future__ import annotations

from pathlib import Path

import click

from weighbridge.platform.commands.starting import start

HELP = """\
Put a backup into the platform's database. Stop `weighbridge serve` before.
"""


@click.command("restore", help=HELP, short_help="Put a backup into the platform's database.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Remove what the database holds now.")
def command(file: Path, replace: bool) -> int:
    """Restore, then check the history."""
    start()
    from weighbridge.platform.audit import chain
    from weighbridge.platform.backups import restore

    manifest = restore(file, replace)
    click.echo(f"restored what was backed up at {manifest['made_at']}")
    history = chain.verify()
    click.echo(f"history: {history.text}")
    return 0 if history.ok else 1
