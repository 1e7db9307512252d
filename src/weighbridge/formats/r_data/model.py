r"""Recognises what R saved, and states the calls in it.

::

    saveRDS   X\n version writer least-reader [encoding] object
    save      RDX3\n and the same, with a pairlist of all variables for the object

Numbers are opaque. Compression around it is read by the containers.
"""

from __future__ import annotations

from weighbridge.errors import MalformedInput
from weighbridge.facts.graphs import Operator
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.python.effects import excerpt
from weighbridge.formats.r_data.cursor import Cursor
from weighbridge.formats.r_data.items import RCall, Walk
from weighbridge.sources.base import Source
from weighbridge.tables.r_functions import r_function

NAME = "r-data"
_SAVED = {b"RDX2\n": 5, b"RDX3\n": 5, b"RDA2\n": 5, b"RDA3\n": 5, b"RDB2\n": 5, b"RDB3\n": 5}
_MOST_FACTS = 1_000
_TEXT = 500


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins as `save` or `saveRDS` begin."""
    start = _SAVED.get(head[:5], 0)
    mark, rest = head[start : start + 2], head[start + 2 : start + 6]
    if mark == b"A\n":
        return rest[:2] in (b"2\n", b"3\n")
    order = {b"X\n": "big", b"B\n": "little"}.get(mark)
    return (
        rest in ((2).to_bytes(4, "big"), (3).to_bytes(4, "big"))
        if order == "big"
        else (order is not None and rest in ((2).to_bytes(4, "little"), (3).to_bytes(4, "little")))
    )


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the objects.

    Raises:
        MalformedInput: R could not read them either.
        LimitExceeded: there are more of them than are followed.
    """
    start = _SAVED.get(source.read_at(0, 5), 0)
    cursor = Cursor(source, start + 2, source.read_at(start, 1).decode("latin-1"))
    version, writer = cursor.integer(), cursor.integer()
    cursor.integer()
    release = ".".join(str(writer >> shift & 0xFF) for shift in (16, 8, 0))
    if version == 3:
        cursor.text(cursor.count())
    context.format(place, NAME, source.size, version=version, writer=f"R {release}")
    walk = Walk(cursor, context.budget)
    try:
        walk.run()
    finally:
        # What stands before the damage stands.
        _state(context, place, walk.calls)
    if cursor.offset > source.size:
        raise MalformedInput("r-truncated", "the data breaks off", cursor.offset)
    if cursor.offset < source.size:
        trailing(context, source, place, NAME, cursor.offset)
    return True


def _state(context: Context, place: Place, calls: list[RCall]) -> None:
    """Add a fact for each function that is called and that the table knows, or in a promise."""
    found: dict[tuple[str, str, tuple[str, ...]], list[RCall]] = {}
    for call in calls:
        known = r_function(call.name) is not None
        if known or (call.where == "promise" and call.name):
            key = (call.name, call.where, tuple(call.arguments) if known else ())
            found.setdefault(key, []).append(call)
    for (name, where, texts), same in list(found.items())[:_MOST_FACTS]:
        context.add(
            Operator(
                member=place.member,
                offset=same[0].offset,
                format=NAME,
                domain="",
                name=excerpt(name, 200),
                where=where,
                role="",
                count=len(same),
                arguments=tuple((str(at), excerpt(text, _TEXT)) for at, text in enumerate(texts)),
                resolved=not any(call.computed for call in same),
                hidden=False,
            )
        )
