"""The compiled machine and the uncompiled one are the same machine, whatever they are fed."""

from __future__ import annotations

import pickle
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machines import CORES, INTERPRETERS, SPEC, load_uncompiled, trace_of

from builders.pickles import mutated, random_stream
from weighbridge.budget import Budget, Limits
from weighbridge.errors import LimitExceeded, SourceError
from weighbridge.formats.pickle.interpreter import Interpreter
from weighbridge.formats.pickle.trace import Attention
from weighbridge.sources.memory import BytesSource

needs_both = pytest.mark.skipif(len(CORES) < 2, reason="the machine is not compiled")


def _same(data: bytes) -> None:
    first, second = (asdict(trace_of(data, name)) for name in sorted(CORES))
    assert first == second


@needs_both
@pytest.mark.parametrize("block", range(4))
def test_equal_traces_of_random_and_mutated_streams(block):
    for seed in range(block * 250, (block + 1) * 250):
        _same(random_stream(seed))
        _same(mutated(seed, random_stream(seed)))


@needs_both
@given(st.binary(max_size=60))
@SPEC
def test_equal_traces_of_random_bytes(data):
    _same(data)


@pytest.mark.parametrize("window", [32, 64, 100])
def test_where_a_window_ends_changes_nothing(window):
    narrow = Interpreter(core=load_uncompiled(window).Core)
    for seed in range(300):
        data = random_stream(seed)
        found = narrow.run(BytesSource(data), 0, Budget(), Attention())
        assert asdict(found) == asdict(trace_of(data, attention=Attention())), data


def test_a_text_number_across_the_end_of_a_window(run):
    """Digits that do not stand in the window as a whole are a number all the same."""
    for shift in range(24):
        filler = b"X" + (262_120 + shift).to_bytes(4, "little") + b"x" * (262_120 + shift)
        data = filler + b"p0000000000007\n0g0000000000007\n."
        trace = run(data)
        assert trace.stopped, (shift, trace.error)


class _Vanishing(BytesSource):
    """A file that is cut while it is read."""

    def read_at(self, offset: int, count: int) -> bytes:
        if offset > 0:
            raise SourceError("gone")
        return super().read_at(offset, count)


def _closing() -> bytes:
    """One callable, so often that its calls are only counted."""
    one = b"h\0K\1\x85R0"
    many = b"".join(b"h\0M" + n.to_bytes(2, "little") + b"\x85R0" for n in range(40))
    return b"cos\nsystem\nq\0" + one + many + b"T\x00\x00\x10\x00" + b"x" * (1 << 20) + b"."


@pytest.mark.parametrize("name", sorted(CORES))
def test_nothing_of_a_stream_that_failed_is_left_for_the_next(name):
    interpreter = INTERPRETERS[name]
    with pytest.raises(SourceError):
        interpreter.run(_Vanishing(_closing()), 0, Budget(), Attention())
    budget = Budget(Limits(seconds=-1))
    assert interpreter.run(BytesSource(b"N."), 0, budget, Attention()).limit == "limit-seconds"
    trace = interpreter.run(BytesSource(b"cpkg\nf\n(I1\ntR."), 0, Budget(), Attention())
    assert [call.callee.module for call in trace.calls] == ["pkg"]
    assert trace.calls[0].count == 1
    assert not trace.calls[0].shown_once
    assert interpreter.run(BytesSource(b"h\0."), 0, Budget(), Attention()).error == "memo-unset"


def test_a_limit_inside_a_callback_ends_the_stream_only(run):
    def refuse(offset: int, pid: object) -> None:
        raise LimitExceeded("limit-test", "enough")

    stopping = Attention(persistent=refuse)
    assert run(b"cos\nsystem\n0NQ.", attention=stopping).limit == "limit-test"
    assert run(b"NQ.", attention=Attention()).stopped


def test_calls_beyond_the_first_few_are_counted(run):
    trace = run(_closing(), attention=Attention())
    assert sum(call.count for call in trace.calls) == 41
    assert any(call.shown_once for call in trace.calls)


def test_what_pickle_writes_is_read_to_its_end(run):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps({"a": [1, 2.5, None, True, b"x", ("y",)]}, protocol)
        assert run(data).end == len(data)
