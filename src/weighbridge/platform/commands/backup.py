"""``weighbridge backup``."""

from __future__ import annotations

from pathlib import Path

import click

from weighbridge.platform.commands.starting import start

HELP = """\
Write everything in the platform's database, as of one moment, to FILE. It may be in use meanwhile.

The secret key and uploads that wait to be scanned are not part of it.
"""


@click.command("backup", help=HELP, short_help="Write the platform's data to a file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--portable", is_flag=True, help="In a form that PostgreSQL can restore too.")
def command(file: Path, portable: bool) -> None:
    """Write the backup."""
    start()
    from weighbridge.platform.backups import back_up

    manifest = back_up(file, portable)
    click.echo(f"{file}: {file.stat().st_size:,} bytes, made at {manifest['made_at']}")
