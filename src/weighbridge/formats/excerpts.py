"""The bytes around places that are no pickles, for people: sixteen to a line, with their offsets.

Pickles are shown opcode by opcode, see :mod:`weighbridge.formats.pickle.excerpts`.
"""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.errors import ParseError, SourceError
from weighbridge.facts.codec import Fact
from weighbridge.facts.graphs import ExternalData, ForeignText, Operator
from weighbridge.facts.keras import Hdf5Reference
from weighbridge.facts.patterns import PatternMatch
from weighbridge.facts.pickles import Code
from weighbridge.facts.structure import Anomaly, Excerpt
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle.excerpts import MOST
from weighbridge.sources.base import Source
from weighbridge.text.secrets import mask

_LINE = 16
_BEFORE = 2 * _LINE
_AFTER = 4 * _LINE


def add_raw_excerpts(context: Context, source: Source, place: Place, since: int) -> None:
    """Add the bytes around what the facts from number `since` on say of `place`.

    What cannot be read is left out: it is for people, and nothing is judged by it.
    """
    for offset in dict.fromkeys(_offsets(context.facts[since:], place.member)):
        if context.excerpts[0] >= MOST:
            return
        try:
            lines = _lines(source, offset)
        except (ParseError, SourceError):
            return
        if lines:
            context.excerpts[0] += 1
            context.add(Excerpt(place.member, offset, "bytes", lines))


def _offsets(facts: Iterable[Fact], member: str | None) -> list[int]:
    shown = {fact.offset for fact in facts if isinstance(fact, Excerpt) and fact.member == member}
    found = [_offset(fact) for fact in facts if fact.member == member]
    return [offset for offset in found if offset is not None and offset not in shown]


def _offset(fact: Fact) -> int | None:
    """Return where people will want to see the bytes: at operators that touch something, say."""
    if isinstance(fact, Operator):
        return fact.offset if fact.arguments else None
    if isinstance(fact, Code):
        return fact.offset if fact.stream is None and fact.offset > 0 else None
    if isinstance(fact, Anomaly | ExternalData | ForeignText | Hdf5Reference | PatternMatch):
        return fact.offset
    return None


def _lines(source: Source, offset: int) -> tuple[tuple[int, int, str, str], ...]:
    """Return lines of which one begins at `offset`; none where they would show a credential."""
    start = max(offset - _BEFORE, offset % _LINE)
    data = source.read_at(start, min(offset - start + _AFTER, max(0, source.size - start)))
    told = data.decode("latin-1")
    if mask(told) != told:
        return ()
    pieces = [data[at : at + _LINE] for at in range(0, len(data), _LINE)]
    return tuple(
        (start + number * _LINE, len(piece), piece.hex(), "") for number, piece in enumerate(pieces)
    )
