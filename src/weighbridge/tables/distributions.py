"""Which package brings a module, opens a format, or wrote a statement about its version."""

from functools import cache

from weighbridge.tables.libraries import library_kind
from weighbridge.tables.reader import rows


@cache
def _by_module() -> dict[str, str]:
    named = rows("distributions.tsv", "module", "distribution", "source", "reason")
    return {row[0]: row[1] for row in named}


def distribution(module: str) -> str | None:
    """Return the package on PyPI that brings a well-known module, None for any other module."""
    top = module.partition(".")[0]
    known = _by_module().get(top)
    if known is not None:
        return known
    return top.replace("_", "-").lower() if library_kind(top) == "ml" else None


@cache
def opener() -> dict[str, str]:
    """Return the package that opens a format, by the format's name."""
    named = rows("format_libraries.tsv", "format", "distribution", "source", "reason")
    return {row[0]: row[1] for row in named}


@cache
def writers() -> dict[tuple[str, str], str]:
    """Return the package that a version in a file is of, by format and key."""
    named = rows("writers.tsv", "format", "key", "distribution", "source", "reason")
    return {(row[0], row[1]): row[2] for row in named}
