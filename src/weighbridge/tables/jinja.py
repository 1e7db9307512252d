"""What chat templates need of Jinja, and what leads out of it."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class JinjaName:
    """One name in one role.

    Attributes:
        role: `method`, `filter`, `test`, `global` (called), `name` (read), `attribute`.
        effect: `none` for what templates need, `odd` for what none needs but does nothing by
            itself, else the effect it has (see `effects.tsv`).
    """

    role: str
    name: str
    effect: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that hide something from whoever reads the conversation; lower case."""

    phrase: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence of published templates that hides nothing, phrase or not; lower case."""

    sentence: str
    source: str
    reason: str


@cache
def _names() -> dict[tuple[str, str], JinjaName]:
    found = rows("jinja_names.tsv", *JinjaName.__slots__)
    return {(row[0], row[1]): JinjaName(*row) for row in found}


def jinja_name(role: str, name: str) -> JinjaName | None:
    """Look up a name in one role, or return None where the table does not have it."""
    return _names().get((role, name))


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return the phrases, in the order of the table."""
    found = rows("template_phrases.tsv", *Phrase.__slots__)
    return tuple(Phrase(*row) for row in found)


@cache
def sentences() -> tuple[Sentence, ...]:
    """Return the sentences that hide nothing, in the order of the table."""
    found = rows("template_sentences.tsv", *Sentence.__slots__)
    return tuple(Sentence(*row) for row in found)
