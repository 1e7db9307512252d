"""What ``weighbridge scan`` does: targets are opened, scanned, judged and reported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from weighbridge.advisories_lookup.model import LookupFailed
from weighbridge.budget import Limits
from weighbridge.cli.libraries import knowing
from weighbridge.cli.main import Status, say
from weighbridge.cli.output import Output
from weighbridge.cli.policy import VARIABLE, holding
from weighbridge.cli.progress import Meter
from weighbridge.cli.targets import from_caches, from_file
from weighbridge.defender.scan import scan
from weighbridge.defender.selection import Selection
from weighbridge.defender.targets import Reach, Target, is_address
from weighbridge.errors import TargetError
from weighbridge.findings.model import ScanReport
from weighbridge.policy.threshold import FailOn, fails
from weighbridge.reports.json_report import FailedTarget

if TYPE_CHECKING:
    from weighbridge.sources.access import Access


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, beside the targets."""

    form: str
    output: str | None
    jobs: int | None
    deep: bool
    fail_on: str | None
    policy: str | None
    advisories: str | None
    revision: str | None
    targets_from: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    max_download: int
    no_cache: bool
    dry_run: bool
    hf_cache: str | None
    kaggle_cache: str | None
    environment: bool

    @property
    def sets(self) -> bool:
        """Whether targets come from somewhere else than the command line."""
        return any(one is not None for one in (self.targets_from, self.hf_cache, self.kaggle_cache))


def run(named: Sequence[str], options: Options) -> Status:
    """Scan each target, write the report, and return the exit status."""
    selection = Selection(options.include, options.exclude)
    targets = _targets(named, options, selection)
    reach = Reach(_access(targets, options), options.revision, options.max_download, selection)
    if options.dry_run:
        from weighbridge.cli import plan

        plan.show(targets, reach)
        return Status.PASSED
    several = len(targets) > 1 or options.sets
    destination = Output(options.form, options.output, several)
    finish = _naming(options.advisories)
    # Advisories name contents by their hashes, and so do suppressions.
    by_hash = options.advisories or options.policy or os.environ.get(VARIABLE)
    limits = Limits(hashed_bytes=sys.maxsize) if by_hash else Limits()
    known = knowing(options.environment)
    fail_on = None if options.fail_on is None else FailOn(options.fail_on)
    hold = holding(options.policy, fail_on, targets, options.revision)
    reports: list[ScanReport] = []
    failed: list[FailedTarget] = []
    for target in targets:
        try:
            with Meter(sys.stderr) as meter:
                report = scan(
                    target,
                    jobs=options.jobs,
                    deep=options.deep,
                    limits=limits,
                    progress=meter.update,
                    reach=reach,
                )
            reports.append(hold(known(finish(report))))
        except (TargetError, LookupFailed) as error:
            say(str(error))
            name = target if isinstance(target, str) else target.name
            failed.append(FailedTarget(name, str(error)))
            continue
        if not reports[-1].complete:
            break
    if reports:
        destination.write(reports, failed)
    return _status(reports, bool(failed), fail_on or FailOn.SUSPICIOUS)


def _access(targets: Sequence[str | Target], options: Options) -> Access | None:
    """Return how hubs are reached; only those who ask one pay for the import."""
    if not any(isinstance(target, str) and is_address(target) for target in targets):
        return None
    from weighbridge.sources.access import from_environment

    access = from_environment()
    return replace(access, cache=None) if options.no_cache else access


def _targets(named: Sequence[str], options: Options, selection: Selection) -> list[str | Target]:
    targets: list[str | Target] = [*named]
    if options.targets_from is not None:
        targets += from_file(options.targets_from)
    targets += from_caches(options.hf_cache, options.kaggle_cache, selection)
    if targets:
        return targets
    if options.sets:
        raise click.ClickException("there is nothing to scan: the list or the cache is empty")
    raise click.UsageError("Missing argument 'TARGET...'.")


def _naming(place: str | None) -> Callable[[ScanReport], ScanReport]:
    """Return what puts the advisories at `place` into a report."""
    if place is None:
        return lambda report: report
    # Only those who ask pay for the import of what talks to a network.
    from weighbridge.advisories_lookup.applying import with_advisories
    from weighbridge.advisories_lookup.opening import open_advisories

    advisories = open_advisories(place, os.environ.get("WEIGHBRIDGE_TOKEN"))
    return lambda report: with_advisories(report, advisories)


def _fails(report: ScanReport, fail_on: FailOn) -> bool:
    if report.outcome is not None:
        return not report.outcome.passed
    return fails(report.verdict, fail_on)


def _status(reports: Sequence[ScanReport], failed: bool, fail_on: FailOn) -> Status:
    if any(not report.complete for report in reports):
        return Status.INTERRUPTED
    if any(_fails(report, fail_on) for report in reports):
        return Status.FAILED
    return Status.NOT_DONE if failed else Status.PASSED
