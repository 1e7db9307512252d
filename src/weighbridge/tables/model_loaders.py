"""Calls that fetch a model by its name."""

from functools import cache
from typing import NamedTuple

from weighbridge.tables.reader import rows

_COLUMNS = ("call", "position", "keyword", "provider", "source", "reason")


class Loader(NamedTuple):
    """Where a call takes the name, and whose names those are."""

    position: int
    keyword: str
    provider: str


@cache
def _loaders() -> dict[str, Loader]:
    return {row[0]: Loader(int(row[1]), *row[2:4]) for row in rows("model_loaders.tsv", *_COLUMNS)}


def model_loader(path: str, last: str) -> Loader | None:
    """Return what is known of a call, by its dotted name or, for methods of any class, its last."""
    return _loaders().get(path) or _loaders().get(f"*.{last}")
