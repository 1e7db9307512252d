"""The machine against ``pickle.Unpickler`` and ``pickle._Unpickler`` on random streams.

Whatever either of them imports or calls stands in the trace, in order and with equal arguments.
The trace may go on where both stop, for the reasons listed here and for no other.
"""

from __future__ import annotations

import re

import pytest
from machines import trace_of
from recording import Comparison, Record, events, in_c, in_c_unbuffered, in_python

from builders.pickles import mutated, random_stream
from weighbridge.formats.pickle.trace import Trace

# What an unpickler stops at and the machine does not, because what it needs to know for that is
# not among the bytes, or because another loader goes on there.
TOLERATED = {
    "a value lacks a method or attribute, or takes no such argument": (
        r"has no attribute|object does not support item assignment|must be a mapping|"
        r"doesn't apply|takes (no|exactly|at most)|missing \d|item deletion|"
        r"instance has no __setstate__|object is not a mapping|argument after \*|"
        r"keywords must be strings|indices must be|is not subscriptable"
    ),
    "what cannot be hashed is a key or an item of a set": r"unhashable type",
    "a call on what is not callable after all, or the class is none": (
        r"not callable|must be a type|issubclass|has no __new__|must be a class"
    ),
    "a state that is no dict": r"state is not a dictionary|has no attribute 'items'|not iterable",
    "text that does not decode: the loader may ask for another encoding": (
        r"codec can't decode|truncated \\[ux]|invalid \\x escape|illegal|Trailing"
    ),
    "numbers in text that are nearly right": r"invalid literal|could not convert|too large to",
    "arguments that are no tuple, which C refuses": (
        r"argument list must be a tuple|expected tuple|must be a tuple|must be a dict|iterable"
    ),
    "extensions and buffers that only the loader knows": (
        r"unregistered extension|out-of-band|no buffers|memoryview|bytes-like|as an integer"
    ),
    "a name that is not text after all": r"STACK_GLOBAL requires str",
    "frames, which the two check differently": r"end of frame|end of current frame",
    "INST without a mark: Python imports before it looks, C after": r"could not find MARK",
    "the last line without its newline, which Python takes": r"ran out of input|truncated",
    "C wants ASCII in INST, and a name on each line": r"ordinal not in range|ASCII strings",
    "the end of the file, where Python's machine reads short and goes on for one opcode": (
        r"^$|unpack requires|index out of range|read\(\)"
    ),
}
_TOLERATED = re.compile("|".join(TOLERATED.values()))
BLOCKS = 12
PER_BLOCK = 150


def _assert_covers(trace: Trace, record: Record, data: bytes) -> int:
    """Check that every event is in the trace, in order; return how many of it were matched."""
    comparison = Comparison(trace)
    found = events(trace)
    seen: list[object] = []
    reached = 0
    for event in record.events:
        if event in seen:
            continue
        seen.append(event)
        if event[0] == "persistent":
            assert any(comparison.same(p, event[1]) for p in trace.persistent), (event, data)
            continue
        same = comparison.same_import if event[0] == "import" else comparison.same_call
        hits = [n for n, (kind, what) in enumerate(found) if kind == event[0] and same(event, what)]
        assert hits, f"missed {event}\n{data!r}\n{record.error!r}\n{trace}"
        later = [n for n in hits if n >= reached]
        reached = max(reached, later[0] if later else 0)
    return len(seen)


def _check(data: bytes, machine: str) -> None:
    trace = trace_of(data, machine)
    records = [in_python(data)]
    if records[0].highest_index < 1 << 20:  # for C the memo is an array
        records.append(in_c(data))
        if "frame-crossed" not in trace.oddities:
            # C reads differently from a file where an opcode reaches out of its frame: a gap.
            records.append(in_c_unbuffered(data))
    for record in records:
        _assert_covers(trace, record, data)
    finished = [record for record in records if record.error is None]
    if finished:
        assert trace.stopped, f"{trace.error}\n{data!r}"
        made = finished[0].events
        # Extensions are looked up once and then cached.
        imports = sum(e[0] == "import" and e[1] != "ext" for e in made)
        assert sum(s.count for s in trace.symbols if s.how != "EXT") == imports, data
        assert sum(c.count for c in trace.calls) == sum(e[0] == "call" for e in made), data
        return
    most = max(record.count for record in records)
    ours = sum(s.count for s in trace.symbols if s.how != "EXT")
    ours += sum(c.count for c in trace.calls)
    if ours + trace.persistent_count > most:
        for record in records:
            assert _TOLERATED.search(str(record.error)), f"{record.error!r}\n{data!r}\n{trace}"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_streams_hold_no_import_and_no_call_that_the_trace_lacks(block, machine_name):
    for seed in range(block * PER_BLOCK, (block + 1) * PER_BLOCK):
        _check(random_stream(seed), machine_name)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_mutated_streams_hold_no_import_and_no_call_that_the_trace_lacks(block, machine_name):
    for seed in range(block * PER_BLOCK, (block + 1) * PER_BLOCK):
        _check(mutated(seed, random_stream(seed + 1_000_000)), machine_name)


def test_random_streams_are_worth_the_effort():
    """Most run to their end, and they import and call in every way there is."""
    records = [in_python(random_stream(seed)) for seed in range(400)]
    finished = [record for record in records if record.error is None]
    assert len(finished) > 80
    assert sum(e[0] == "call" for record in records for e in record.events) > 200
