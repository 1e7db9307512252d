"""What a user wants scanned: names on the command line, in a file, or all of a client's cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from weighbridge.defender.selection import Selection
from weighbridge.defender.targets import Target

_LIST_BYTES = 16 << 20


def from_file(place: str) -> list[str]:
    """Return the targets in a file, one a line; empty lines and ``#`` lines are none.

    Raises:
        click.ClickException: it cannot be read.
    """
    try:
        if place == "-":
            text = sys.stdin.read(_LIST_BYTES + 1)
        else:
            with open(place, encoding="utf-8", errors="surrogateescape") as file:
                text = file.read(_LIST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no text"
        raise click.ClickException(f"cannot read {click.format_filename(place)}: {why}") from error
    if len(text) > _LIST_BYTES:
        raise click.ClickException(f"{click.format_filename(place)} is too long for a list")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def from_caches(
    hf_cache: str | None, kaggle_cache: str | None, selection: Selection
) -> Iterator[Target]:
    """Yield the models in the caches that were asked for; an empty name is the usual place."""
    # Only those who ask pay for the import of what knows of hubs.
    from weighbridge.defender.local_caches import hugging_face, kaggle

    if hf_cache is not None:
        yield from hugging_face(hf_cache or usual_hf_cache(), selection)
    if kaggle_cache is not None:
        yield from kaggle(kaggle_cache or usual_kaggle_cache(), selection)


def usual_hf_cache() -> str:
    """Return where huggingface_hub keeps what it downloads."""
    home = os.environ.get("HF_HOME") or os.path.join(_cache(), "huggingface")
    return os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")


def usual_kaggle_cache() -> str:
    """Return where kagglehub keeps what it downloads."""
    usual = os.path.join(Path.home(), ".cache", "kagglehub")
    return os.environ.get("KAGGLEHUB_CACHE") or usual


def _cache() -> str:
    return os.environ.get("XDG_CACHE_HOME") or os.path.join(Path.home(), ".cache")
