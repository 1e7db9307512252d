"""Examines one file: what it is, what is inside, and what could not be read."""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.containers import compressed
from weighbridge.containers.registry import ARCHIVES, STREAMS, UNSUPPORTED, recognise_all
from weighbridge.errors import MalformedInput, ParseError, SourceError
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import UNKNOWN
from weighbridge.formats import (
    archives,
    arrow_schema,
    chunked_arrays,
    executables,
    hidden,
    inert,
    known,
    patterns,
)
from weighbridge.formats.context import Context, Place
from weighbridge.formats.data.registry import recognise
from weighbridge.formats.excerpts import add_raw_excerpts
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.pickle.interpreter import Interpreter
from weighbridge.formats.pickle.raw import hidden_streams
from weighbridge.formats.registry import FORMATS
from weighbridge.formats.unknown import note_unknown
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

_HEAD = 512
# Archives of which every byte is accounted for, so that nothing else need be tried on them.
_WITH_PROGRAMS = frozenset({executables.NAME, "llamafile", *ARCHIVES, *STREAMS})
_WHOLE_ARCHIVES = ("zip", "npz", "skops", "torchserve", "keras", "pytorch-distributed")
_interpreters: list[Interpreter] = []


def examine(source: Source, budget: Budget, name: str = "") -> list[Fact]:
    """Return every fact about `source`.

    `name` is the file's own name, without folders. It tells texts apart (Python, YAML,
    requirements), which their bytes cannot; nothing binary is decided by it.

    What a parser cannot read becomes a :class:`~weighbridge.facts.structure.Gap`, and so do bytes
    that cannot be fetched: what was read before stands, or a server could take it back.
    """
    context = Context(budget, walk, name, interpreters=_interpreters)
    place = Place()
    try:
        if walk(context, source, place) is None:
            note_unknown(context, source, place)
    except ParseError as error:
        context.gap_from(place, "unknown", error)
    except SourceError as error:
        context.gap(place, "unknown", "source-error", str(error))
    except RecursionError:
        text = "its structure is nested too deeply to follow"
        context.gap(place, "unknown", "limit-recursion", text)
    except MemoryError:
        text = "parsing it needs more memory than a scan may use"
        context.gap(place, "unknown", "limit-memory", text)
    return context.facts


def walk(context: Context, source: Source, place: Place) -> str | None:
    """Try every reader that could claim the bytes; return the name of the first that confirms.

    Raises:
        ParseError: only where nothing could be read at all.
    """
    head = source.read_at(0, _HEAD) if source.size else b""
    if not head:
        context.format(place, "empty", 0)
        return "empty"
    since = len(context.facts)
    found = _walk(context, source, place, head)
    add_raw_excerpts(context, source, place, since)
    return found


def _walk(context: Context, source: Source, place: Place, head: bytes) -> str | None:
    found: str | None = None
    errors: list[tuple[str, ParseError]] = []
    for container in recognise_all(source):
        try:
            name = _container(context, container, source, place)
            found = found or name
        except ParseError as error:
            errors.append((container, error))
    covered: set[str] = set()
    for entry in FORMATS:
        if found in _WHOLE_ARCHIVES and head[:2] == b"PK":
            break
        if entry.name in covered or not entry.claims(source, head):
            continue
        try:
            if entry.parse(context, source, place):
                found = found or entry.name
                covered.update(entry.covers)
        except ParseError as error:
            errors.append((entry.name, error))
    _search_damaged(context, source, place, found, errors)
    if found is None and not errors:
        found = _quiet(context, source, head, place)
    elif found == executables.NAME or (context.budget.limits.deep and found not in STREAMS):
        errors += _searched(context, source, place)
    for name, failure in errors:
        context.gap_from(place, name, failure)
        found = found or name
    return found


def _search_damaged(
    context: Context,
    source: Source,
    place: Place,
    found: str | None,
    errors: list[tuple[str, ParseError]],
) -> None:
    """Look for a program where a format breaks off: behind its end it would be ignored."""
    damaged = any(
        isinstance(error, MalformedInput) and name not in _WITH_PROGRAMS for name, error in errors
    )
    if damaged and found not in _WITH_PROGRAMS:
        hidden.programs(context, source, place, 0)


def _searched(context: Context, source: Source, place: Place) -> list[tuple[str, ParseError]]:
    """Search for known payloads; returns what kept that from coming to its end."""
    try:
        patterns.search(context, source, place, patterns.PROGRAM_BYTES)
    except ParseError as error:
        return [("unknown", error)]
    return []


def _container(context: Context, kind: str, source: Source, place: Place) -> str:
    if kind in STREAMS:
        return _stream(context, kind, source, place)
    if kind in UNSUPPORTED:
        context.format(place, kind, source.size)
        text = f"{kind} archives cannot be read"
        context.gap(place, kind, "unsupported-archive", text)
        return kind
    return archives.parse(context, kind, source, place)


def _stream(context: Context, kind: str, source: Source, place: Place) -> str:
    """Examine what a compressed stream decodes to, and what follows the stream."""
    inflated = compressed.open_stream(kind, source, context.budget)
    context.format(place, kind, source.size)
    child = context.child()
    inner = place.inside(kind)
    body: Source = inflated
    try:
        inflated.exhaust()
    except ParseError as error:
        context.gap_from(inner, kind, error)
        body = inflated.prefix()
    if child.walk(child, body, inner) is None:
        note_unknown(context, body, inner)
    if body is not inflated:
        return kind
    end = inflated.ahead + inflated.consumed
    if end < source.size:
        if chunked_arrays.is_shard(source, context.budget):
            text = f"{source.size - end} bytes are further chunks of a shard of zarr"
            context.gap(place, kind, UNKNOWN, text, end)
            hidden.search(context, source, place, end, source.size)
            return kind
        rest = SliceSource(source, end, source.size - end)
        text = f"{rest.size} bytes follow the {kind} stream"
        context.anomaly(place, kind, "trailing-bytes", text, end)
        behind = place.inside("trailing", origin="hidden")
        if child.walk(child, rest, behind) is None:
            context.gap(place, kind, "malformed-trailing-bytes", text, end)
    return kind


def _quiet(context: Context, source: Source, head: bytes, place: Place) -> str | None:
    """Recognise what no loader runs, and name what is not parsed yet."""
    data = inert.image_end(source, head) or recognise(source, head, context.budget)
    if data is not None:
        context.format(place, data.name, source.size)
        if data.end < source.size:
            trailing(context, source, place, data.name, data.end)
        elif data.end > source.size:
            text = f"the {data.name} data breaks off"
            context.gap(place, data.name, "malformed-truncated", text, carries_code=False)
            hidden_streams(context, source, place, 0)
        elif data.name in arrow_schema.KINDS:
            arrow_schema.read_types(context, source, place, data.name)
        return data.name
    sealed = known.sealed(head)
    if sealed is not None:
        return _named(context, source, place, *sealed)
    found = inert.parse_text(context, source, place)
    if found is not None:
        return found
    beside = known.beside(source, head)
    return None if beside is None else _named(context, source, place, *beside)


def _named(context: Context, source: Source, place: Place, name: str, need: str) -> str:
    """Name what is recognised alone; a signature must not keep what stands behind it from sight."""
    context.format(place, name, source.size)
    hidden_streams(context, source, place, 0)
    patterns.search(context, source, place)
    text = f"{name} is recognised, but not examined; that needs {need}"
    context.gap(place, name, "unsupported-format", text)
    return name
