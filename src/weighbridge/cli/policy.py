"""``weighbridge policy``, and the policy of a scan."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from weighbridge.cli.main import Status
from weighbridge.findings.model import ScanReport
from weighbridge.policy.threshold import FailOn
from weighbridge.text.escaping import visible

if TYPE_CHECKING:
    from weighbridge.policy.model import Policy

VARIABLE = "WEIGHBRIDGE_POLICY"
HELP = """\
Explain a policy: what passes, and what has been accepted until when.

A policy is a TOML file that weighbridge scan takes with --policy or from WEIGHBRIDGE_POLICY, never
from below what is scanned.

\b
Examples:
  weighbridge policy check policy.toml
  weighbridge policy check policy.toml --report scan.json
  weighbridge scan ./my-model --policy policy.toml
"""


@click.group("policy", help=HELP, short_help="Explain what a policy would do.")
def command() -> None:
    """The group; its text is HELP."""


@command.command("check", short_help="Say what a policy would do.")
@click.argument("file", metavar="[FILE]", required=False)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    help="Hold this report of an earlier scan (--format json) against it; nothing is scanned.",
)
def check(file: str | None, reports: tuple[str, ...]) -> int:
    """Say what a policy would do.

    The exit status is 1 when something accepted is over, or a report does not pass.
    """
    from weighbridge.policy.explaining import expired, explain
    from weighbridge.policy.reading import read

    place = file or os.environ.get(VARIABLE)
    if not place:
        raise click.UsageError(f"name a policy, or set {VARIABLE}")
    policy = read(place)
    today = datetime.now(UTC).date()
    for line in explain(policy, today):
        click.echo(visible(line, 500))
    over = expired(policy, today)
    if over:
        click.echo(f"{over} of what was accepted is over, and fails again")
    failed = [place for place in reports if not _held(place, policy, today)]
    return Status.FAILED if over or failed else Status.PASSED


def _held(place: str, policy: Policy, today: date) -> bool:
    """Print what a policy says about each report in a file, and return whether all pass."""
    from weighbridge.policy.evaluating import evaluate
    from weighbridge.reports import policy_text
    from weighbridge.reports.json_reading import MOST_BYTES, ReportError, read
    from weighbridge.reports.style import Style

    shown = click.format_filename(place)
    try:
        with open(place, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ReportError(f"it is larger than {MOST_BYTES >> 20} MiB")
        reports = read(data)
    except (OSError, ReportError) as error:
        raise click.ClickException(f"{shown} cannot be read as a report: {error}") from error
    passed = True
    for report in reports:
        outcome = evaluate(report, policy, today, _revision(report))
        click.echo(f"\n{visible(report.target, 300)}: {report.verdict.value} when it was scanned")
        for line in policy_text.about(outcome, Style()):
            click.echo(line)
        passed = passed and outcome.passed
    return passed


def holding(
    place: str | None, fail_on: FailOn | None, targets: Sequence[object], revision: str | None
) -> Callable[[ScanReport], ScanReport]:
    """Return what holds a report against the policy that was asked for.

    Args:
        place: of the policy; None takes it from the environment, if it names one.
        fail_on: given on the command line, which then counts in place of the policy's.
        targets: what is scanned; a policy that lies in it is refused.
        revision: asked for by an option, for targets that name none.

    Raises:
        click.ClickException: the policy lies below a target.
        PolicyError: the policy cannot be read.
    """
    place = place or os.environ.get(VARIABLE)
    if not place:
        return lambda report: report
    _outside(place, targets)
    from weighbridge.policy.evaluating import evaluate
    from weighbridge.policy.reading import read

    policy: Policy = read(place)
    if fail_on is not None:
        policy = replace(policy, verdict=fail_on)
    today = datetime.now(UTC).date()

    def hold(report: ScanReport) -> ScanReport:
        asked = revision or _revision(report)
        return replace(report, outcome=evaluate(report, policy, today, asked))

    return hold


def _revision(report: ScanReport) -> str | None:
    if report.provider == "huggingface" and "@" in report.target:
        return report.target.rpartition("@")[2]
    last = report.target.rstrip("/").rpartition("/")[2]
    return last if report.provider == "kaggle" and last.isdigit() else None


def _outside(place: str, targets: Sequence[object]) -> None:
    """What is scanned must not steer the scanner."""
    real = os.path.realpath(place)
    for target in targets:
        folder = os.path.realpath(target) if isinstance(target, str) else ""
        if folder and (real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)):
            shown = click.format_filename(place)
            raise click.ClickException(f"the policy {shown} lies in what is scanned; keep it apart")
