r"""Recognises what Java's `ObjectOutputStream` wrote, and states the classes in it.

::

    \xac\xed\0\x05, then objects and blocks of data until the file ends

Reading such a file makes objects of whatever classes it names, as far as the program has them, and
runs their `readObject`, `readExternal` and `readResolve`, and what those call: `hashCode` of the
keys of a map, `compareTo` of what is sorted. So the classes are what is judged.
"""

from __future__ import annotations

from weighbridge.facts.java import JavaClass
from weighbridge.facts.structure import Format
from weighbridge.formats import executables
from weighbridge.formats.context import Context, Place
from weighbridge.formats.java_objects.cursor import Cursor
from weighbridge.formats.java_objects.tally import MOST_ARRAYS, Counted, Tally, readable
from weighbridge.formats.java_objects.walk import HEADER, Walk
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.python.effects import excerpt
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "java-object"
_NAME, _TEXT = 200, 300
_HEAD = 512


def claims(_source: Source, head: bytes) -> bool:
    """Say whether it begins with the magic number and the version, which has been 5 ever since."""
    return head.startswith(HEADER)


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the objects.

    Raises:
        MalformedInput: Java could not read them to their end either.
        LimitExceeded: there are more of them than are followed.
        Unsupported: a class wrote its data without saying how long it is.
    """
    walk = Walk(Cursor(source), context.budget)
    try:
        end = walk.run()
    finally:
        # What stands before the damage stands.
        names = {name for name, _use in walk.tally.classes}
        context.format(place, NAME, source.size, classes=len(names))
        _state(context, place, walk.tally)
        _arrays(context, source, place, walk.tally)
    if end < source.size:
        trailing(context, source, place, NAME, end)
    return True


def _state(context: Context, place: Place, tally: Tally) -> None:
    """Add a fact for each class in each use; that it is described is said where it has no other."""
    used = {name for name, use in tally.classes if use != "described"}
    for (name, use), counted in tally.classes.items():
        if name and readable(name) and (use != "described" or name not in used):
            context.add(_fact(place, name, use, counted))
    for (handler, interfaces), counted in tally.interfaces.items():
        context.add(_fact(place, handler, "proxy", counted, interfaces))
    if tally.longer_names:
        text = f"{tally.longer_names} names of classes are written in more bytes than Java needs"
        context.anomaly(place, NAME, "java-long-name", text)


def _fact(
    place: Place, name: str, use: str, counted: Counted, interfaces: tuple[str, ...] = ()
) -> JavaClass:
    return JavaClass(
        member=place.member,
        offset=counted.offset,
        name=excerpt(name, _NAME),
        use=use,
        count=counted.count,
        texts=tuple(excerpt(text, _TEXT) for text in counted.texts),
        interfaces=tuple(excerpt(one, _NAME) for one in interfaces),
    )


def _arrays(context: Context, source: Source, place: Place, tally: Tally) -> None:
    """Examine the arrays of bytes that begin like a stream, an archive or a program."""
    if not tally.arrays:
        return
    child = context.child()
    for offset, size in list(tally.arrays.items())[:MOST_ARRAYS]:
        context.budget.check_time()
        inner, since = place.inside(f"array@{offset}"), len(context.facts)
        content = SliceSource(source, offset, size)
        head = content.read_at(0, _HEAD)
        if executables.claims(content, head):
            program = executables.recognise(content, head)
            if program is not None:
                hidden = place.inside(f"array@{offset}", origin="hidden")
                executables.state(child, program, content, hidden)
        else:
            child.walk(child, content, inner)
        if all(isinstance(fact, Format) for fact in context.facts[since:]):
            # Weka packs every long text so, and thousands of them say nothing.
            del context.facts[since:]
    if len(tally.arrays) > MOST_ARRAYS:
        text = f"more than {MOST_ARRAYS} arrays hold streams or programs"
        context.gap(place, NAME, "limit-java-arrays", text)
