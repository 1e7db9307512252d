"""Bytes that no reader knows: searched for what could hide in them, and stated as not examined.

What they are called, or what their numbers look like, names them, and says what would be needed.

In an archive the members around them may explain them: weights that ONNX, TensorFlow or OpenVINO
keep in a file of their own have no structure, and the model beside them declares which file they
are and how far into it. Such bytes are opaque. (Files of a folder: `defender/declared.py`.)
"""

from __future__ import annotations

from posixpath import dirname, join, normpath

from weighbridge.containers.base import Archive
from weighbridge.containers.registry import STREAMS
from weighbridge.facts.graphs import DataFolder, ExternalData, covers, describing
from weighbridge.facts.structure import UNKNOWN, Gap, Note
from weighbridge.formats import patterns
from weighbridge.formats.context import Context, Place
from weighbridge.formats.likeness import LOOKS, likeness
from weighbridge.formats.pickle.raw import hidden_streams
from weighbridge.sources.base import Source
from weighbridge.tables.known_names import known_names, named


def note_unknown(context: Context, source: Source, place: Place, kind: str = "unknown") -> None:
    """Search bytes of no known format, and state that they were not examined."""
    hidden_streams(context, source, place, 0)
    patterns.search(context, source, place)
    called = named(context.file_name(place))
    alike = None if called is not None else likeness(source)
    if called is not None:
        kind = called.name
        text = f"{kind} by its name, which nothing confirms; a judgement needs {called.need}"
    elif alike is not None:
        kind, words = alike
        text = f"it looks like {words}; a judgement needs the program that reads it"
    else:
        context.gap(place, kind, UNKNOWN, "not a format that is known; it could hold code")
        return
    context.format(place, kind, source.size)
    context.gap(place, kind, UNKNOWN, text)


def is_guessed(format_name: str) -> bool:
    """Say whether a file has this format by its name or its look alone, which proves nothing."""
    return format_name in LOOKS or any(one.name == format_name for one in known_names())


def settle_declared(context: Context, archive: Archive, place: Place, since: int) -> None:
    """Turn the gaps of members that others declare to be their tensor data into notes.

    Args:
        context: whose facts from number `since` on are of the archive.
        archive: with all its members examined.
        place: of the archive.
        since: number of its first fact.
    """
    sizes = {
        place.inside(member.name).member: member.source.size
        for member in archive.members
        if member.source is not None
    }
    declared: dict[str, int] = {}
    folders: dict[str, DataFolder] = {}
    for fact in context.facts[since:]:
        if isinstance(fact, DataFolder) and fact.member in sizes:
            folders[dirname(_path(fact.member))] = fact
        if isinstance(fact, ExternalData) and fact.member in sizes and fact.location:
            where = _beside(fact.member or "", fact.location)
            declared[where] = max(fact.furthest, declared.get(where, 0))
    if not declared and not folders:
        return
    for number, fact in enumerate(context.facts[since:], since):
        member = _unpacked(fact.member) if isinstance(fact, Gap) and fact.code == UNKNOWN else None
        if member not in sizes:
            continue
        furthest = declared.get(_beside(member or ""))
        if furthest is None and describing(folders, _path(member)) is not None:
            furthest = 0
        if furthest is not None and covers(furthest, sizes[member]):
            text = "another member declares it to be its tensor data"
            context.facts[number] = Note(fact.member, None, "declared-data", text)


def _path(member: str | None) -> str:
    return normpath((member or "").rpartition("!")[2])


def _unpacked(member: str | None) -> str | None:
    """Return the member that a compressed stream is, for what is inside it."""
    outer, mark, inner = (member or "").rpartition("!")
    return outer if mark and inner in STREAMS else member


def _beside(member: str, location: str = "") -> str:
    """Return where a member, or a file that it names, stands in its archive."""
    archive, mark, path = member.rpartition("!")
    return archive + mark + normpath(join(dirname(path), location) if location else path)
