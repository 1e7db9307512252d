"""What it means that a serialized stream of Java holds an object of a class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class JavaObject:
    """One class, or all whose names begin so (`*`).

    Attributes:
        use: `any`, or `key` for objects that are hashed while the stream is read.
        kind: `ordinary` (reading it does nothing but to build it), else the kind of the finding.
        effect: by its name in the table of effects; `-` for none that is known.
    """

    name: str
    use: str
    kind: str
    effect: str
    source: str
    reason: str


@cache
def _table() -> tuple[dict[tuple[str, str], JavaObject], list[JavaObject]]:
    found = [
        JavaObject(*row) for row in rows("java_objects.tsv", "class", *JavaObject.__slots__[1:])
    ]
    exact = {(row.name, row.use): row for row in found}
    families = [row for row in found if row.name.endswith("*")]
    return exact, sorted(families, key=lambda row: -len(row.name))


def java_object(name: str, use: str = "any") -> JavaObject | None:
    """Return the most exact row for a class, or None for one that is not known."""
    exact, families = _table()
    row = exact.get((name, use)) or exact.get((name, "any"))
    return row or next((row for row in families if name.startswith(row.name[:-1])), None)
