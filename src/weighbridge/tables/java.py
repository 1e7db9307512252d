"""Classes of Java that do something when an object of them is made."""

from __future__ import annotations

from functools import cache

from weighbridge.tables.reader import rows


@cache
def _classes() -> tuple[frozenset[str], tuple[str, ...]]:
    names = [row[0] for row in rows("java_classes.tsv", "class", "source", "reason")]
    exact = frozenset(name for name in names if not name.endswith("*"))
    return exact, tuple(name[:-1] for name in names if name.endswith("*"))


def is_gadget(name: str) -> bool:
    """Say whether an object of the class does something by being made."""
    exact, packages = _classes()
    return name in exact or name.startswith(packages)
