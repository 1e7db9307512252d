"""Raw pickle files: one stream or several in a row, with or without arrays between the opcodes.

Recognition follows what a loader would do: a stream that reaches STOP is a pickle, and so is one
that breaks after it has called something. Protocol 0 and 1 have no magic, so text that happens to
walk a few opcodes is not taken for one.
"""

from __future__ import annotations

import re

from weighbridge.facts.expressions import Symbol
from weighbridge.formats.context import Context, Place
from weighbridge.formats.joblib_arrays import ArrayReader
from weighbridge.formats.pickle import analysis
from weighbridge.formats.pickle.trace import Trace
from weighbridge.sources.base import Source
from weighbridge.tables.callables import dangerous
from weighbridge.tables.libraries import library_kind
from weighbridge.text.decoding import is_text

NAME = "pickle"
_MODULE = re.compile(r"[A-Za-z_]\w*(\.\w+)*", re.ASCII)
# Opcodes that a stream without PROTO can begin with: those that push, MARK, GLOBAL, and INST, which
# imports before it fails.
_FIRST = frozenset(b"(])}ciNIJKMLFGSTUVXBC\x80\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96")


def trace_at(context: Context, source: Source, offset: int, place: Place) -> Trace:
    """Run the stream at `offset`, arrays of joblib included."""
    reader = ArrayReader(context, source, place)
    watched = analysis.attention(builders=reader.builders)
    trace = context.interpreter().run(source, offset, context.budget, watched)
    reader.finish()
    return trace


def claims(source: Source, head: bytes) -> bool:
    """Say cheaply whether the bytes could begin a pickle at all."""
    return len(head) >= 2 and head[0] in _FIRST


def plausible(trace: Trace, source: Source) -> bool:
    """Say whether a loader that is given these bytes would do more than fail at once."""
    if trace.limit is not None:
        return trace.opcodes > 64
    if _calls_something(trace):
        return True
    if not trace.stopped:
        if trace.protocol >= 2 and trace.opcodes >= 3:
            return True
        # A list of words may begin like GLOBAL: text needs the name of something that does harm.
        return _imports_harm(trace) or _imports_known(trace) and not is_text(source)
    if trace.protocol >= 2:
        return True
    # Without a magic number: the stream must account for the file, or import by a likely name.
    return trace.end >= source.size - 2 or (_imports(trace) and trace.opcodes > 2)


def _imports(trace: Trace) -> bool:
    return any(_MODULE.fullmatch(symbol.module) for symbol in trace.symbols)


def _imports_harm(trace: Trace) -> bool:
    rows = [dangerous(s.resolved_module, s.resolved_name) for s in trace.symbols]
    return any(row is not None and row.name != "*" for row in rows)


def _imports_known(trace: Trace) -> bool:
    named = (s.resolved_module for s in trace.symbols if not s.computed)
    return any(library_kind(module) is not None for module in named)


def _calls_something(trace: Trace) -> bool:
    """A call whose callee is a plausible name; prose never gets that far."""
    return any(
        not isinstance(call.callee, Symbol) or _MODULE.fullmatch(call.callee.module)
        for call in trace.calls
    )


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the streams from the start of `source`; False when it is no pickle after all."""
    trace = trace_at(context, source, 0, place)
    if not plausible(trace, source):
        return False
    context.format(place, NAME, source.size, protocol=trace.protocol)
    analysis.emit(context, trace, source, place)
    parse_rest(context, source, place, trace)
    return True


def parse_rest(context: Context, source: Source, place: Place, trace: Trace) -> None:
    """Examine what follows a first stream: more streams, padding, or bytes nobody declared."""
    loaders = tuple(f"{name}, called again" for name in place.loaders[:2])
    again = Place(place.member, loaders, "next")
    count = 1
    while trace.stopped and trace.end < source.size:
        context.budget.check_time()
        head = source.read_at(trace.end, 2)
        if not claims(source, head) or count >= context.budget.limits.pickle_streams:
            break
        following = trace_at(context, source, trace.end, again)
        if not (following.stopped or _calls_something(following) or following.protocol >= 2):
            break
        analysis.emit(context, following, source, again)
        trace = following
        count += 1
    if trace.limit is not None:
        return
    if trace.error is not None:
        _broken(context, source, place, trace)
    elif trace.end < source.size:
        _trailing(context, source, place, trace.end)


def _broken(context: Context, source: Source, place: Place, trace: Trace) -> None:
    text = f"the pickle breaks off ({trace.error}); what stands before it was examined"
    context.gap(place, NAME, f"malformed-{trace.error}", text, trace.end)
    hidden_streams(context, source, place, trace.end)


def _trailing(context: Context, source: Source, place: Place, start: int) -> None:
    """Bytes behind the last STOP: padding is nothing, anything else was not declared."""
    if is_padding(context, source, start):
        return
    found = hidden_streams(context, source, place, start)
    if not found:
        text = f"{source.size - start} bytes follow the pickle and belong to nothing"
        context.gap(place, NAME, "malformed-trailing-bytes", text, start)


def is_padding(context: Context, source: Source, start: int) -> bool:
    """Say whether nothing but zeros and white space is left from `start`."""
    while start < source.size:
        context.budget.check_time()
        chunk = source.read_at(start, 1 << 20)
        if chunk.strip(b"\0 \r\n\t"):
            return False
        start += len(chunk)
    return True


def hidden_streams(
    context: Context, source: Source, place: Place, start: int, reach: int = 8 << 20
) -> bool:
    """Look for pickles with a magic number in bytes that no reader was led to.

    Only a stream that reaches STOP and imports something counts: two bytes that look like PROTO
    are common in weights.
    """
    hidden = Place(place.member, place.loaders, "hidden")
    candidates = 0
    end = min(source.size, start + reach)
    found = False
    offset = start
    while offset < end and candidates < 256:
        chunk = source.read_at(offset, min(1 << 20, end - offset))
        position = chunk.find(b"\x80")
        step = len(chunk)
        while 0 <= position < len(chunk) - 2 and candidates < 256:
            if chunk[position + 1] in (2, 3, 4, 5) and chunk[position + 2] in b"(c]}\x8c\x95X":
                candidates += 1
                trace = trace_at(context, source, offset + position, hidden)
                if trace.symbols and (trace.stopped or _calls_something(trace)):
                    analysis.emit(context, trace, source, hidden)
                    found = True
                    step = max(trace.end - offset, 1)
                    break
            position = chunk.find(b"\x80", position + 1)
        offset += max(step, 1)
    return found
