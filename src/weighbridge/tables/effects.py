"""What an effect is called and how it is classified."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows

_COLUMNS = ("effect", "title", "phrase", "cwe", "atlas", "remediation", "source", "reason")


@dataclass(frozen=True, slots=True)
class Effect:
    """The wording of one effect; `phrase` completes "loading it ..."."""

    effect: str
    title: str
    phrase: str
    cwe: tuple[str, ...]
    atlas: tuple[str, ...]
    remediation: str
    source: str
    reason: str


@cache
def effects() -> dict[str, Effect]:
    """List all effects by their short name."""
    return {
        row[0]: Effect(
            effect=row[0],
            title=row[1],
            phrase=row[2],
            cwe=tuple(row[3].split(",")),
            atlas=tuple(row[4].split(",")),
            remediation=row[5],
            source=row[6],
            reason=row[7],
        )
        for row in rows("effects.tsv", *_COLUMNS)
    }


def effect(name: str) -> Effect:
    """Look up an effect.

    Args:
        name: Short name as used in `dangerous.tsv`.

    Returns:
        The effect.

    Raises:
        KeyError: If there is no such effect.
    """
    return effects()[name]
