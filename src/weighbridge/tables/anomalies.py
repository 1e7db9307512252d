"""What a structural anomaly means: which rule reports it, and how."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class AnomalyMeaning:
    """One anomaly code of a parser with its judgement."""

    code: str
    rule: str
    kind: str
    severity: str
    title: str
    source: str
    reason: str


@cache
def meanings() -> dict[str, AnomalyMeaning]:
    """Return every anomaly code with its meaning."""
    found = rows("anomalies.tsv", *AnomalyMeaning.__slots__)
    return {row[0]: AnomalyMeaning(*row) for row in found}
