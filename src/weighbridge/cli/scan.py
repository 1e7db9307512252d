"""``weighbridge scan``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from weighbridge.advisories_lookup.model import LookupFailed
from weighbridge.cli.main import Status, say
from weighbridge.cli.output import Output
from weighbridge.cli.progress import Meter
from weighbridge.defender.scan import MOST_JOBS, scan
from weighbridge.errors import TargetError
from weighbridge.findings.model import ScanReport
from weighbridge.policy.threshold import FailOn, fails
from weighbridge.reports.json_report import FailedTarget

HELP = """\
Scan model files and directories without loading anything.

TARGET is a file or a directory. Symbolic links that lead out of a directory are not followed.

\b
Examples:
  weighbridge scan model.bin
  weighbridge scan ./my-model --jobs 4
  weighbridge scan a.pkl b.npz --format json --output report.json
  weighbridge scan ./my-model --fail-on malicious
  weighbridge scan ./my-model --advisories https://registry.example.org

\b
Verdicts, strongest first:
  malicious     loading it has an effect that no model needs
  suspicious    loading it runs something nobody has vouched for
  inconclusive  not examined to the end; counts as suspicious for --fail-on
  weakness      needs or invites something unsafe, without a sign of intent
  clean         examined to the end, nothing found

\b
Exit status:
  0    nothing at or above --fail-on was found
  1    something was
  2    the scan could not be done (wrong usage, no such file)
  130  interrupted; what was done so far is reported
"""


@click.command("scan", help=HELP, short_help="Scan model files and directories.")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
@click.option("--output", metavar="FILE", help="Write the report to FILE instead of the terminal.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    metavar="N",
    help="Files examined at once. [default: one per processor, at most 8]",
)
@click.option("--deep", is_flag=True, help="Also compute the SHA-256 of files above 64 MiB.")
@click.option(
    "--fail-on",
    type=click.Choice([threshold.value for threshold in FailOn]),
    default=FailOn.SUSPICIOUS.value,
    show_default=True,
    help="Exit with status 1 from this verdict on.",
)
@click.option(
    "--advisories",
    metavar="FILE|URL",
    help="Name published advisories beside findings: OSV JSON, a zip of it, or a platform's "
    "address, which is told hashes only (token in WEIGHBRIDGE_TOKEN). Implies --deep.",
)
def command(targets: Sequence[str], **given: Any) -> int:
    """Scan each target, then write one report; returns the exit status."""
    return _run(targets, Options(**given))


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, beside the targets."""

    form: str
    output: str | None
    jobs: int | None
    deep: bool
    fail_on: str
    advisories: str | None


def _run(targets: Sequence[str], options: Options) -> Status:
    destination = Output(options.form, options.output, several=len(targets) > 1)
    finish = _naming(options.advisories)
    deep = options.deep or options.advisories is not None
    reports: list[ScanReport] = []
    failed: list[FailedTarget] = []
    for target in targets:
        try:
            with Meter(sys.stderr) as meter:
                report = scan(target, jobs=options.jobs, deep=deep, progress=meter.update)
            reports.append(finish(report))
        except (TargetError, LookupFailed) as error:
            say(str(error))
            failed.append(FailedTarget(target, str(error)))
            continue
        if not reports[-1].complete:
            break
    if reports:
        destination.write(reports, failed)
    return _status(reports, bool(failed), FailOn(options.fail_on))


def _naming(place: str | None) -> Callable[[ScanReport], ScanReport]:
    """Return what puts the advisories at `place` into a report."""
    if place is None:
        return lambda report: report
    # Only those who ask pay for the import of what talks to a network.
    from weighbridge.advisories_lookup.applying import with_advisories
    from weighbridge.advisories_lookup.opening import open_advisories

    advisories = open_advisories(place, os.environ.get("WEIGHBRIDGE_TOKEN"))
    return lambda report: with_advisories(report, advisories)


def _status(reports: Sequence[ScanReport], failed: bool, fail_on: FailOn) -> Status:
    if any(not report.complete for report in reports):
        return Status.INTERRUPTED
    if any(fails(report.verdict, fail_on) for report in reports):
        return Status.FAILED
    return Status.NOT_DONE if failed else Status.PASSED
