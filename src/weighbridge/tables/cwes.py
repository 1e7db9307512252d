"""What a weakness of a kind mostly leads to."""

from functools import cache

from weighbridge.tables.reader import rows

_COLUMNS = ("cwe", "impact", "source", "reason")


@cache
def impact_of_cwe() -> dict[int, str]:
    """Return the impact class by CWE number; kinds that lead to anything are not in it."""
    return {int(row[0]): row[1] for row in rows("cwe_impacts.tsv", *_COLUMNS)}
