"""The opcodes around what a stream does, for people: offset, bytes and meaning, line by line.

Only streams with something that no table vouches for are shown, so that honest files cost nothing.
Opcodes are told apart by `pickletools`, which reads operands and runs nothing.
"""

from __future__ import annotations

import pickletools
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from weighbridge.errors import ParseError, SourceError
from weighbridge.facts.expressions import Expression, Symbol
from weighbridge.facts.structure import Excerpt
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle.trace import Trace
from weighbridge.sources.base import Source
from weighbridge.tables.callables import benign, family
from weighbridge.text.escaping import visible
from weighbridge.text.secrets import mask

MOST = 16
"""Excerpts of one file: a person who needs more reads the file itself."""
_REACH = 16 << 10
"""How far before a place its stream is walked; farther away, from the nearest import or call."""
_NEAR = 1 << 10
_BEFORE = 12
_AFTER = 4
_OPCODES = 40_000
_SHOWN_BYTES = 32
_MASKED_BYTES = 6
_SHOWN_TEXT = 160

Line = tuple[int, int, str, str]


def add_excerpts(context: Context, trace: Trace, source: Source, place: Place) -> None:
    """Add excerpts around what a stream calls and imports beyond what is vouched for."""
    points = _points(trace)
    if not points or context.excerpts[0] >= MOST:
        return
    try:
        for point, lines in _excerpts(source, trace, points):
            if context.excerpts[0] >= MOST:
                return
            context.excerpts[0] += 1
            context.add(Excerpt(place.member, point, "pickle", tuple(lines)))
    except (ParseError, SourceError):
        return  # It is for people; what reads it for the verdict says what could not be read.


def _points(trace: Trace) -> list[int]:
    """Return the offsets worth showing, calls first: they are what findings point at."""
    calls = [call.offset for call in trace.calls if not _vouched(call.callee)]
    writes = [write.offset for write in trace.writes]
    if not calls and not writes:
        calls = [s.offset for s in trace.symbols if not _known(s.module, s.name)]
    return list(dict.fromkeys([*calls, *writes]))[:MOST]


def _vouched(callee: Expression) -> bool:
    return isinstance(callee, Symbol) and _known(callee.module, callee.name)


def _known(module: str, name: str) -> bool:
    return benign(module, name) is not None or family(module, name) is not None


def _excerpts(
    source: Source, trace: Trace, points: Sequence[int]
) -> Iterator[tuple[int, list[Line]]]:
    """Yield what stands around each point, once where they are close to each other."""
    known = sorted({trace.offset, *(s.offset for s in trace.symbols), *points})
    close = [point for point in points if point - trace.offset <= _REACH]
    # One walk serves all points near the beginning, where nearly all of them are.
    head = list(_disassembled(source, trace.offset, max(close))) if close else []
    there = {line[0]: number for number, line in enumerate(head)}
    covered: set[int] = set()
    for point in points:
        if point in covered:
            continue
        if point in there:
            lines, at = head, there[point]
        else:
            lines = _from_nearest(source, point, known)
            at = next((number for number, line in enumerate(lines) if line[0] == point), 0)
        lines = lines[max(0, at - _BEFORE) : at + _AFTER + 1]
        covered.update(line[0] for line in lines)
        if lines:
            yield point, lines


def _from_nearest(source: Source, point: int, known: Sequence[int]) -> list[Line]:
    """Return opcodes from one that is known to begin shortly before a point, or from there on."""
    near = known[max(0, bisect_right(known, point - 64) - 1)]
    if 0 <= point - near <= _NEAR:
        lines = list(_disassembled(source, near, point))
        if any(line[0] == point for line in lines):
            return lines
    # Too far, or an operand longer than what was read stands in between.
    return list(_disassembled(source, point, point))


def _disassembled(source: Source, start: int, point: int) -> Iterator[Line]:
    """Yield opcodes from `start` to a few behind `point`, as far as they can be told."""
    data = source.read_at(start, min(point - start + _REACH, 2 * _REACH, source.size - start))
    behind = 0
    previous: tuple[int, pickletools.OpcodeInfo, object] | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Odd escapes in old text operands.
            for opcode, operand, position in islice(pickletools.genops(data), _OPCODES):
                if position is None:
                    break
                if previous is not None:
                    yield _line(data, start, previous, position)
                previous = (position, opcode, operand)
                behind += start + position > point
                if behind > _AFTER:
                    return
    except (ValueError, IndexError, OverflowError):
        pass  # It breaks off, or an operand is longer than what was read.
    if previous is not None:
        yield _line(data, start, previous, previous[0] + 1)


def _line(
    data: bytes, start: int, found: tuple[int, pickletools.OpcodeInfo, object], end: int
) -> Line:
    position, opcode, operand = found
    raw = data[position:end]
    text, hidden = _operand(operand)
    shown = raw[: _MASKED_BYTES if hidden else _SHOWN_BYTES]
    return (start + position, len(raw), shown.hex(), f"{opcode.name} {text}".rstrip())


def _operand(operand: object) -> tuple[str, bool]:
    """Return an operand for people, and whether a credential in it was masked."""
    if operand is None:
        return "", False
    if isinstance(operand, bytes | bytearray):
        told = bytes(operand[:4096]).decode("latin-1")
        size = f" … {len(operand)} bytes" if len(operand) > 48 else ""
        return repr(bytes(operand[:48])) + size, mask(told) != told
    if isinstance(operand, str):
        told = operand[:4096]
        masked = mask(told)
        return visible(repr(masked[:_SHOWN_TEXT])) + (
            f" … {len(operand)} characters" if len(operand) > _SHOWN_TEXT else ""
        ), masked != told
    return str(operand)[:80], False
