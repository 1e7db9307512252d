"""Functions of R with an effect outside the session."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class RFunction:
    """A function by its name, which may be written with its package.

    Attributes:
        judge: `always` when no saved object needs it, `promise` when only its running at once is
            unusual, as with `eval`, which the bodies of saved functions hold often.
    """

    name: str
    effect: str
    judge: str
    source: str
    reason: str


@cache
def _functions() -> dict[str, RFunction]:
    return {row[0]: RFunction(*row) for row in rows("r_functions.tsv", *RFunction.__slots__)}


def r_function(name: str) -> RFunction | None:
    """Look up a function by its bare name, or return None."""
    return _functions().get(name)
