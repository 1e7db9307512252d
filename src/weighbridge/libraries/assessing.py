"""What is worked out about a record once, when it is imported: impact, severity, vector."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.libraries.impacts import CODE, MEMORY, OTHER, Impact, impact_of
from weighbridge.libraries.records import Record
from weighbridge.tables.vector_formats import formats_of_word, patterns

UNKNOWN = "unknown"
_TEXT = 4_000
_WORDS = {"MODERATE": "medium"}
_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a record means here.

    Attributes:
        severity: `critical`, `high`, `medium`, `low`, `none`, or `unknown` without any statement.
        score: CVSS base score, None without a vector.
        formats: words of the table of vectors: files that carry the attack.
    """

    impact: Impact
    severity: str
    score: float | None
    formats: tuple[str, ...]


def assess(record: Record) -> Assessment:
    """Return what a record means here."""
    impact = impact_of(record.cwes, record.vectors, record.text)
    score = _score(record.vectors)
    severity = _severity(score, record.label)
    formats = tuple(word for word in record.formats if word in formats_of_word())
    if not record.formats and impact.name in (CODE, MEMORY, OTHER):
        formats = _by_words(record.text[:_TEXT])
    return Assessment(impact, severity, score, formats)


def _by_words(text: str) -> tuple[str, ...]:
    return tuple(word for word, pattern in patterns() if pattern.search(text))


def _score(vectors: tuple[str, ...]) -> float | None:
    """Return the base score of the CVSS 3 vector, else of the CVSS 4 one."""
    from cvss import CVSS3, CVSS4, CVSSError

    for vector in sorted(vectors):
        try:
            found = CVSS4(vector) if vector.startswith("CVSS:4") else CVSS3(vector)
        except CVSSError:
            continue
        return float(found.base_score)
    return None


def _severity(score: float | None, label: str) -> str:
    if score is not None:
        return next((name for least, name in _BANDS if score >= least), "none")
    return _WORDS.get(label, label.lower()) or UNKNOWN
