"""Custom operators of TFLite that published runtimes bring with them."""

from functools import cache

from weighbridge.tables.reader import rows


@cache
def _names() -> frozenset[str]:
    return frozenset(row[0] for row in rows("tflite_custom.tsv", "name", "source", "reason"))


def ordinary_custom(name: str) -> bool:
    """Say whether a custom operator is a known one that only computes."""
    return name in _names()
