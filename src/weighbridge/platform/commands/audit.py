"""``weighbridge audit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from weighbridge.platform.commands.starting import start

if TYPE_CHECKING:
    from weighbridge.platform.audit.chain import HeadExport

HELP = """\
Check or export the append-only history of this platform.

\b
Examples:
  weighbridge audit head > head.json       keep this where nobody can rewrite it
  weighbridge audit verify
  weighbridge audit verify --head head.json
"""


@click.group("audit", help=HELP, short_help="Check the platform's append-only history.")
def command() -> None:
    """Hold the two commands below."""
    start()


@command.command("verify", short_help="Walk along the chain of hashes.")
@click.option(
    "--head",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An end of the chain exported earlier, which must still be part of it.",
)
def verify(head: Path | None) -> int:
    """Exit with 1 when an event was changed, removed or put in."""
    from weighbridge.platform.audit import chain

    answer = chain.verify(None if head is None else _read(head))
    click.echo(answer.text)
    return 0 if answer.ok else 1


@command.command("head", short_help="Print the end of the chain.")
def print_head() -> None:
    """Print number and hash of the last event."""
    from weighbridge.platform.audit import chain

    end = chain.export_head()
    click.echo(json.dumps({"seq": end.seq, "hash": end.hash}))


def _read(path: Path) -> HeadExport:
    from weighbridge.platform.audit.chain import HeadExport

    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return HeadExport(int(value["seq"]), str(value["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{path} holds no exported end of the chain") from error
