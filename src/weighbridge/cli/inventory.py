"""``weighbridge inventory``: models that code fetches by name."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

import click

from weighbridge.cli.progress import Meter
from weighbridge.findings.libraries import UsedModel
from weighbridge.text.escaping import visible

HELP = """\
List the models that code fetches by name, and whether each is pinned.

PATH is a project: Python, notebooks and Modelfiles in it are read, nothing of them is run. Calls
such as from_pretrained, pipeline, hf_hub_download and kagglehub.model_download count; constants and
simple joins are followed. A name is pinned by a full commit, or at Kaggle by a version number.

\b
Examples:
  weighbridge inventory .
  weighbridge inventory . --format json
  weighbridge inventory . --format cyclonedx > models.json
"""
_READ = ("*.py", "*.ipynb", "*odelfile", "*.modelfile")


@click.command("inventory", help=HELP, short_help="List the models that code fetches by name.")
@click.argument("path", metavar="PATH")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "cyclonedx"]),
    default="text",
    show_default=True,
    help="For people, for programs, or as a bill of materials.",
)
def command(path: str, form: str) -> None:
    """Read the project and print what it fetches."""
    from weighbridge.cli.bom import need_bom_libraries
    from weighbridge.defender.scan import scan
    from weighbridge.defender.selection import Selection
    from weighbridge.defender.targets import Reach

    if form == "cyclonedx":
        need_bom_libraries()
    with Meter(sys.stderr) as meter:
        report = scan(path, progress=meter.update, reach=Reach(selection=Selection(_READ, ())))
    uses = report.uses
    if form == "json":
        click.echo(_json(path, uses))
    elif form == "cyclonedx":
        click.echo(_bom(uses), nl=False)
    else:
        for line in _lines(uses):
            click.echo(line)
    if not report.complete:
        raise KeyboardInterrupt


def _lines(uses: Sequence[UsedModel]) -> Iterator[str]:
    named = [one for one in uses if one.name]
    for one in sorted(named, key=lambda one: (one.pinned, one.provider, one.name, one.path)):
        state = f"at {one.revision[:12]}" if one.revision else "at whatever is newest"
        pinned = "pinned" if one.pinned else "NOT PINNED"
        place = f"{visible(one.path, 200)}:{one.line}"
        yield f"{pinned:<10}  {one.provider}  {visible(one.name)} {visible(state)}  {place}"
    computed = len(uses) - len(named)
    models = {(one.provider, one.name) for one in named}
    loose = {(one.provider, one.name) for one in named if not one.pinned}
    more = f"; {computed:,} calls compute the name" if computed else ""
    yield f"{len(models):,} models, {len(loose):,} not pinned{more}"


def _json(path: str, uses: Sequence[UsedModel]) -> str:
    from dataclasses import asdict

    from weighbridge.reports.json_report import valid

    value = {
        "schema": "weighbridge.inventory/1",
        "path": path,
        "models": [asdict(one) for one in uses],
    }
    return json.dumps(valid(value), indent=2)


def _bom(uses: Sequence[UsedModel]) -> str:
    from weighbridge.boms.model import BomModel
    from weighbridge.boms.writing import render

    models = {
        (one.provider, one.name, one.revision): BomModel(
            one.provider, one.name, one.revision or None, facts={"pinned": str(one.pinned).lower()}
        )
        for one in uses
        if one.name
    }
    return render(list(models.values()))
