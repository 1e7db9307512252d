"""Finite-state transducers, with which speech is read out and recognised.

OpenFst: a header (fst.h, FstHeader::Write) with kinds of the machine and of its arcs, flags and
counts; symbol tables where flags say so (symbol-table.cc); then states with their arcs
(vector-fst.h, const-fst.h). Archives put a name before each (sttable.h) and places at the end.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, number
from weighbridge.sources.base import Source

_MACHINE, _SYMBOLS, _ARCHIVE = 0x7EB2FDD6, 0x7EB2FB74, 0x7EB2F35C
_WEIGHTS = {b"standard": 4, b"log": 4, b"log64": 8}
_INPUTS, _OUTPUTS, _ALIGNED = 1, 2, 4
_LABELS, _STATE = 12, 16
_ALIGNMENT = 16
_LONGEST_NAME = 1 << 12
_MOST = 50_000_000
_CHECK_EVERY = 4_096


def transducer(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Machines of OpenFst whose states are listed, and archives of them."""
    if number(head, 0) == _MACHINE:
        end = _machine(source, 0, budget)
        return None if end is None else Extent("openfst", end)
    if number(head, 0) != _ARCHIVE:
        return None
    at, count = 8, 0
    # Behind the machines stand their places, with the number of them before and behind.
    while at + 16 + 8 * count != source.size:
        name, following = _text(source, at)
        end = _machine(source, following, budget) if name is not None else None
        if end is None or end > source.size:
            return None
        at, count = end, count + 1
    known = number(source.read_at(at, 8), 0, 8) == count
    return Extent("openfst-archive", source.size) if count and known else None


def _text(source: Source, at: int) -> tuple[bytes | None, int]:
    size = number(source.read_at(at, 4), 0)
    return (source.read_at(at + 4, size) if size <= _LONGEST_NAME else None), at + 4 + size


def _machine(source: Source, start: int, budget: Budget) -> int | None:
    """Return where a machine ends, None where its kind is not known."""
    if number(source.read_at(start, 4), 0) != _MACHINE:
        return None
    kind, at = _text(source, start + 4)
    arcs, at = _text(source, at)
    weight = _WEIGHTS.get(arcs or b"")
    header = source.read_at(at, 40)
    if weight is None or len(header) < 40:
        return None
    flags, states, count = number(header, 4), number(header, 24, 8), number(header, 32, 8)
    at += len(header)
    for flag in (_INPUTS, _OUTPUTS):
        if flags & flag:
            found = _symbols(source, at, budget)
            if found is None:
                return None
            at = found
    if kind == b"vector":
        return _states(source, at, states, weight, budget)
    if kind == b"const":
        aligned = number(header, 0) == 1 or flags & _ALIGNED
        at += -at % _ALIGNMENT if aligned else 0
        at += states * (weight + _STATE)
        at += -at % _ALIGNMENT if aligned else 0
        return at + count * (weight + _LABELS)
    return None


def _symbols(source: Source, at: int, budget: Budget) -> int | None:
    if number(source.read_at(at, 4), 0) != _SYMBOLS:
        return None
    _name, at = _text(source, at + 4)
    count = number(source.read_at(at + 8, 8), 0, 8)
    at += 16
    for symbol in range(min(count, _MOST)):
        if not symbol % _CHECK_EVERY:
            budget.check_time()
        if at > source.size:
            return None
        text, at = _text(source, at)
        if text is None:
            return None
        at += 8
    return at if count <= _MOST else None


def _states(source: Source, at: int, states: int, weight: int, budget: Budget) -> int | None:
    if states > _MOST:
        return None
    for state in range(states):
        if not state % _CHECK_EVERY:
            budget.check_time()
        if at > source.size:
            break
        at += weight + 8 + (weight + _LABELS) * number(source.read_at(at + weight, 8), 0, 8)
    return at
