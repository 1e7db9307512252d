"""``weighbridge cache``."""

from __future__ import annotations

import click

from weighbridge.defender import remembering
from weighbridge.reports.provider_text import bytes_text
from weighbridge.sources.access import cache_folder

HELP = """\
Show or clear what is kept of scans of models on hubs.

What parsers read out of a file is kept, so that an unchanged file is not fetched again. Verdicts
are not kept: the rules judge anew each time. WEIGHBRIDGE_CACHE names another folder.

\b
Examples:
  weighbridge cache info
  weighbridge cache clear
"""


@click.group("cache", help=HELP, short_help="Show or clear what is kept of scans.")
def command() -> None:
    """The group; its text is HELP."""


@command.command("info", short_help="Show where it is and how much it holds.")
def info() -> None:
    """Show where it is and how much it holds."""
    usage = remembering.usage(cache_folder())
    click.echo(f"{click.format_filename(usage.place)}")
    click.echo(f"{usage.files:,} files known, {bytes_text(usage.size)}")


@command.command("clear", short_help="Remove it.")
def clear() -> None:
    """Remove it."""
    remembering.clear(cache_folder())
    click.echo("cleared")
