"""Kinds of files that have no signature and are told by their names alone."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class KnownName:
    """One way in which a file may be called.

    Attributes:
        ending: how the name ends, in small letters; without a dot first it is the whole name.
        need: what a judgement of such a file would need.
    """

    ending: str
    name: str
    need: str
    source: str


@cache
def known_names() -> tuple[KnownName, ...]:
    """Return all names, the longest first, for the more exact one decides."""
    found = (KnownName(*row) for row in rows("known_names.tsv", *KnownName.__slots__))
    return tuple(sorted(found, key=lambda one: -len(one.ending)))


def named(file: str) -> KnownName | None:
    """Return the kind that a file is called after, by its own name without folders."""
    lower = file.lower()
    for one in known_names():
        if lower.endswith(one.ending) if one.ending.startswith(".") else lower == one.ending:
            return one
    return None
