"""Which files carry an attack, in the words of vulnerability databases and of our own formats."""

import re
from functools import cache

from weighbridge.tables.reader import rows

_COLUMNS = ("word", "formats", "pattern", "source", "reason")


@cache
def formats_of_word() -> dict[str, tuple[str, ...]]:
    """Return our names of formats by the word that a database uses for a vector.

    A word has no format where its files are of a kind that far more files are of.
    """
    named = rows("vector_formats.tsv", *_COLUMNS)
    return {row[0]: () if row[1] == "-" else tuple(row[1].split()) for row in named}


@cache
def patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return what a description says when a file of that word is the vector."""
    found = [(row[0], row[2]) for row in rows("vector_formats.tsv", *_COLUMNS) if row[2] != "-"]
    return tuple((word, re.compile(pattern, re.IGNORECASE)) for word, pattern in found)
