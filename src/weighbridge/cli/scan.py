"""``weighbridge scan``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from weighbridge.advisories_lookup.model import LookupFailed
from weighbridge.budget import Limits
from weighbridge.cli.libraries import knowing
from weighbridge.cli.main import Status, say
from weighbridge.cli.output import Output
from weighbridge.cli.policy import holding
from weighbridge.cli.progress import Meter
from weighbridge.cli.targets import Size, from_caches, from_file
from weighbridge.defender.scan import MOST_JOBS, scan
from weighbridge.defender.selection import Selection
from weighbridge.defender.targets import DOWNLOAD_BYTES, Reach, Target, is_address
from weighbridge.errors import TargetError
from weighbridge.findings.model import ScanReport
from weighbridge.policy.threshold import FailOn, fails
from weighbridge.reports.json_report import FailedTarget

if TYPE_CHECKING:
    from weighbridge.sources.access import Access

HELP = """\
Scan model files, directories, and models on hubs without loading anything.

TARGET is a file, a directory, or a model on a hub: hf://org/name[@revision],
hf://datasets/org/name, kaggle://owner/model/framework/variation[/version], or its web address.
Models on hubs are not downloaded: the byte ranges that tell what is in a file are fetched, and
tensors are not. Symbolic links that lead out of a directory are not followed.

\b
Examples:
  weighbridge scan model.bin
  weighbridge scan ./my-model --jobs 4
  weighbridge scan hf://org/name
  weighbridge scan hf://org/name@refs/pr/3 --include '*.bin'
  weighbridge scan kaggle://owner/model/pyTorch/small/2
  weighbridge scan --hf-cache
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
  2    the scan could not be done (wrong usage, no such file or model, network)
  130  interrupted; what was done so far is reported

\b
Environment:
  HF_ENDPOINT, HF_TOKEN             another hub than huggingface.co, and who asks
  KAGGLE_API_TOKEN                  who asks Kaggle; or KAGGLE_USERNAME and KAGGLE_KEY
  WEIGHBRIDGE_KAGGLE_ENDPOINT       another address than api.kaggle.com
  WEIGHBRIDGE_POLICY                what passes; see weighbridge policy
  WEIGHBRIDGE_DB                    known vulnerabilities; see weighbridge db
  WEIGHBRIDGE_CACHE                 where what was read is kept; see weighbridge cache
"""


@click.command("scan", help=HELP, short_help="Scan model files, directories, and models on hubs.")
@click.argument("targets", metavar="TARGET...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "cyclonedx", "html"]),
    default="text",
    show_default=True,
    help="For people, for programs, for code scanning (SARIF 2.1.0), as a bill of materials "
    "(CycloneDX 1.6), or as one page for a browser.",
)
@click.option("--output", metavar="FILE", help="Write the report to FILE instead of the terminal.")
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    metavar="N",
    help="Files examined at once. [default: one per processor, at most 8]",
)
@click.option(
    "--deep",
    is_flag=True,
    help="Read every byte, tensors too: search it for known payloads (with weighbridge[patterns]), "
    "compute all hashes and hold them against what the hub declares.",
)
@click.option(
    "--fail-on",
    type=click.Choice([threshold.value for threshold in FailOn]),
    help="Exit with status 1 from this verdict on. [default: suspicious, or what the policy says]",
)
@click.option(
    "--policy",
    metavar="FILE",
    help="What passes, in TOML; see weighbridge policy. [default: what WEIGHBRIDGE_POLICY names]",
)
@click.option(
    "--advisories",
    metavar="FILE|URL",
    help="Name published advisories beside findings: OSV JSON, a zip of it, or a platform's "
    "address, which is told hashes only (token in WEIGHBRIDGE_TOKEN). Every file is hashed.",
)
@click.option(
    "--environment",
    is_flag=True,
    help="Also match the packages installed here against known vulnerabilities.",
)
@click.option("--revision", metavar="REV", help="For hub targets that name no revision.")
@click.option("--targets-from", metavar="FILE", help="More targets, one a line; - for input.")
@click.option(
    "--include", multiple=True, metavar="GLOB", help="Only files that match; may be repeated."
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match.")
@click.option(
    "--max-download",
    type=Size(),
    default=DOWNLOAD_BYTES,
    metavar="SIZE",
    help="Bytes to fetch of one file at most, such as 500M. [default: 2G]",
)
@click.option("--no-cache", is_flag=True, help="Fetch what is known from earlier scans, too.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be fetched, and how much.")
@click.option(
    "--hf-cache",
    is_flag=False,
    flag_value="",
    metavar="[DIR]",
    help="All models that huggingface_hub keeps here. [default: where it keeps them]",
)
@click.option(
    "--kaggle-cache",
    is_flag=False,
    flag_value="",
    metavar="[DIR]",
    help="All models that kagglehub keeps here. [default: where it keeps them]",
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


def _run(named: Sequence[str], options: Options) -> Status:
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
    # Advisories name contents by their hashes.
    limits = Limits(hashed_bytes=sys.maxsize) if options.advisories else Limits()
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
