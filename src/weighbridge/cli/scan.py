"""``weighbridge scan``: what users may ask for. :mod:`weighbridge.cli.scanning` does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from weighbridge.budget import DOWNLOAD_BYTES
from weighbridge.cli.size import Size
from weighbridge.defender import pool
from weighbridge.policy.threshold import FailOn

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
    type=click.IntRange(1, pool.MOST_JOBS),
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
    if not given["dry_run"]:
        # A worker starts while this process imports the rest; each takes a fifth of a second.
        pool.shared().warm(1)
    from weighbridge.cli.scanning import Options, run

    return run(targets, Options(**given))
