"""``weighbridge bom``: bills of materials."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from weighbridge.cli.main import Status
from weighbridge.text.escaping import visible

if TYPE_CHECKING:
    from weighbridge.advisories_lookup.model import Advisories
    from weighbridge.boms.reading import Named
    from weighbridge.libraries.store import Store

EXTRA = "weighbridge[bom]"
HELP = """\
Look through bills of materials for what is affected.

A bill of materials in CycloneDX comes from any tool; weighbridge scan --format cyclonedx writes
one.

\b
Examples:
  weighbridge bom check bom.json
  weighbridge bom check bom.json --advisories https://registry.example.org
"""
_IDS = 5


def need_bom_libraries() -> None:
    """Say what to install where the libraries for bills of materials are missing.

    Raises:
        click.ClickException: they are.
    """
    from importlib.util import find_spec

    if find_spec("cyclonedx") is None or find_spec("packageurl") is None:
        raise click.ClickException(f"bills of materials need more libraries. Install {EXTRA}")


@click.group("bom", help=HELP, short_help="Look through bills of materials.")
def command() -> None:
    """The group; its text is HELP."""


@command.command("check", short_help="Say which models and packages of a BOM are affected.")
@click.argument("file", metavar="FILE")
@click.option(
    "--advisories",
    metavar="FILE|URL",
    help="Published advisories about models: OSV JSON, a zip of it, or a platform's address.",
)
def check(file: str, advisories: str | None) -> int:
    """Print what is affected; the exit status is 1 when something is.

    Packages are matched with the known vulnerabilities of weighbridge db; files of models by their
    hashes, and models by their package URLs, with advisories.
    """
    need_bom_libraries()
    from weighbridge.advisories_lookup.opening import open_advisories
    from weighbridge.boms.reading import components
    from weighbridge.libraries.store import Store, usual_place

    named = components(_read(file))
    store = Store(usual_place()) if os.path.exists(usual_place()) else None
    source = (
        open_advisories(advisories, os.environ.get("WEIGHBRIDGE_TOKEN")) if advisories else None
    )
    if store is None and source is None:
        text = "there is nothing to compare with: run weighbridge db update, or give --advisories"
        raise click.ClickException(text)
    lines = [*_packages(named, store), *_models(named, source), *_files(named, source)]
    for line in lines:
        click.echo(line)
    models = sum(one.type == "machine-learning-model" for one in named)
    packages = sum(one.package is not None for one in named)
    click.echo(f"{packages:,} packages with a version, {models:,} models; {len(lines):,} affected")
    return Status.FAILED if lines else Status.PASSED


def _read(place: str) -> bytes:
    from weighbridge.boms.reading import MOST_BYTES

    try:
        with open(place, "rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no usable name"
        _unreadable(place, why)


def _unreadable(place: str, why: str) -> NoReturn:
    raise click.ClickException(f"cannot read {click.format_filename(place)}: {why}")


def _packages(named: Sequence[Named], store: Store | None) -> Iterator[str]:
    from weighbridge.libraries.matching import vulnerabilities

    packages = dict.fromkeys(one.package for one in named if one.package is not None)
    for name, version in packages if store is not None else ():
        found = vulnerabilities(store, name, version) if store is not None else ()
        if found:
            shown = ", ".join(f"{one.id} ({one.impact})" for one in found[:_IDS])
            more = f" and {len(found) - _IDS} more" if len(found) > _IDS else ""
            yield f"{visible(name)} {visible(version)}: {shown}{more}"


def _models(named: Sequence[Named], source: Advisories | None) -> Iterator[str]:
    from weighbridge.advisories_lookup.model import Versioned

    models = dict.fromkeys(one.model for one in named if one.model is not None)
    if source is None or not models:
        return
    for model, advisories in source.about([Versioned(*one) for one in models]).items():
        shown = ", ".join(one.id for one in advisories[:_IDS])
        which = visible(model.version, 100) or "any version, none is stated"
        yield f"{visible(model.purl, 300)} ({which}): {visible(shown)}"


def _files(named: Sequence[Named], source: Advisories | None) -> Iterator[str]:
    by_digest = {one.sha256: one for one in named if one.sha256}
    if source is None or not by_digest:
        return
    for digest, advisories in source.naming(sorted(by_digest)).items():
        shown = ", ".join(one.id for one in advisories[:_IDS])
        yield f"{visible(by_digest[digest].name, 300)}: {visible(shown)}"
