"""Which packages an attacker can count on."""

from functools import cache
from typing import Literal

from weighbridge.tables.reader import rows

_COLUMNS = ("package", "kind", "source", "reason")
Kind = Literal["stdlib", "ml"]


@cache
def _kinds() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for package, kind, _source, _reason in rows("libraries.tsv", *_COLUMNS):
        kinds[package] = "stdlib" if kind == "stdlib" else "ml"
    return kinds


def library_kind(module: str) -> Kind | None:
    """Say whether a module belongs to the standard library or to a well-known package.

    Args:
        module: Dotted module name; only its first segment counts.

    Returns:
        `stdlib`, `ml` (which includes packages found on nearly every machine), or None.
    """
    return _kinds().get(module.partition(".")[0])
