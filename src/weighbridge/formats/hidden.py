"""Looks for what runs in bytes that no reader was led to: pickles, and programs."""

from __future__ import annotations

from weighbridge.formats import executables
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import raw
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

# Kinds whose headers hold enough that no weights look like them by chance.
_STARTS = (b"\x7fELF", b"MZ", *executables.MACH_STARTS)
_REACH = 8 << 20
_WINDOW = 1 << 20
_HEAD = 512


def search(context: Context, source: Source, place: Place, start: int, reach: int = _REACH) -> bool:
    """State every pickle, and the first program; say whether there is any."""
    found = raw.hidden_streams(context, source, place, start, reach)
    return programs(context, source, place, start, reach) or found


def programs(
    context: Context, source: Source, place: Place, start: int, reach: int = _REACH
) -> bool:
    """State the first program from `start` on, and say whether there is one."""
    end = min(source.size, start + reach)
    for offset in range(start, end, _WINDOW):
        context.budget.check_time()
        # A start that the border of two windows divides is seen in the first of them.
        chunk = source.read_at(offset, min(_WINDOW + 3, source.size - offset))
        for at in sorted(_candidates(chunk)):
            rest = SliceSource(source, offset + at, source.size - offset - at)
            program = executables.recognise(rest, rest.read_at(0, _HEAD))
            if program is not None:
                inner = place.inside("trailing", origin="hidden")
                executables.state(context, program, rest, inner)
                return True
    return False


def _candidates(chunk: bytes) -> set[int]:
    found = set()
    for mark in _STARTS:
        at = chunk.find(mark)
        while at >= 0:
            found.add(at)
            at = chunk.find(mark, at + 1)
    return found
