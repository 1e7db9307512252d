"""``weighbridge scan --dry-run``: what would be fetched, and how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from weighbridge.budget import Limits
from weighbridge.defender.remote import RemoteTarget
from weighbridge.defender.targets import Reach, Target, open_target
from weighbridge.reports.provider_text import bytes_text
from weighbridge.text.escaping import visible

_PATH_CHARACTERS = 200


def show(targets: Sequence[str | Target], reach: Reach) -> None:
    """Print the plan for each target; only metadata is asked for.

    Raises:
        TargetError: a target cannot be listed.
    """
    for given in targets:
        target = open_target(given, reach, Limits()) if isinstance(given, str) else given
        try:
            for line in _lines(target, reach):
                click.echo(line)
        finally:
            target.close()


def _lines(target: Target, reach: Reach) -> Iterator[str]:
    name = visible(target.name, _PATH_CHARACTERS)
    if not isinstance(target, RemoteTarget):
        yield f"{name}: on this machine, nothing would be fetched"
        return
    planned = list(target.plan())
    for one in planned:
        how = f"about {bytes_text(one.fetched)}" if one.fetched else "known, nothing"
        yield f"  {visible(one.path, _PATH_CHARACTERS)}  {bytes_text(one.size)}  {how}"
    total, fetched = sum(one.size for one in planned), sum(one.fetched for one in planned)
    files = f"{len(planned):,} file" + ("" if len(planned) == 1 else "s")
    yield (
        f"{name} at {target.revision}: {files} of {bytes_text(total)}, about {bytes_text(fetched)} "
        f"would be fetched, at most {bytes_text(reach.download)} of each"
    )
