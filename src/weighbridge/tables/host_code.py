"""What operators of a model mean that the program around the model has to bring."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class HostCode:
    """One operator of one format, or all of a domain (`*`).

    Attributes:
        kind: `ordinary` (the runtime itself brings it), else the kind of the finding.
        effect: of what runs, by its name in the table of effects; `-` for none that is known.
        phrase: what the model does, to follow "It".
    """

    format: str
    domain: str
    name: str
    kind: str
    effect: str
    phrase: str
    source: str
    reason: str


@cache
def _table() -> dict[tuple[str, str, str], HostCode]:
    found = rows("host_code.tsv", *HostCode.__slots__)
    return {(row[0], row[1], row[2]): HostCode(*row) for row in found}


@cache
def formats() -> frozenset[str]:
    """Return the formats that the table speaks of."""
    return frozenset(key[0] for key in _table())


def host_code(format_name: str, domain: str, name: str) -> HostCode | None:
    """Return the row for an operator, the most exact one; None when it is ordinary."""
    table = _table()
    domain = domain or "-"
    for key in ((domain, name), (domain, "*"), ("*", name), ("*", "*")):
        row = table.get((format_name, *key))
        if row is not None:
            return None if row.kind == "ordinary" else row
    return None
