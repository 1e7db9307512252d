"""The machine against ``pickletools.genops`` on what pickle itself writes."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import functools
import operator
import pathlib
import pickle
import pickletools
import uuid

from hypothesis import given
from hypothesis import strategies as st
from machines import SPEC

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**600), 2**600)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(max_size=30)
    | st.binary(max_size=300)
    | st.dates()
    | st.timedeltas()
    | st.uuids()
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.sampled_from((
        operator.add, len, dict, collections.OrderedDict, pathlib.PurePosixPath("/a/b"), range(9),
        Ellipsis, functools.partial(int, base=2), datetime.UTC, uuid.SafeUUID.safe,
        decimal.Decimal("1.5"), fractions.Fraction(1, 3), bytearray(b"abc"), slice(1, 2),
    ))
)  # fmt: skip
_HASHABLE = st.integers() | st.text(max_size=8) | st.tuples(st.booleans(), st.none())
OBJECTS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=6).map(tuple)
        | st.dictionaries(_HASHABLE, inner, max_size=6)
        | st.sets(_HASHABLE, max_size=6)
        | st.frozensets(_HASHABLE, max_size=6)
        | st.lists(inner, max_size=4).map(collections.deque)
        | inner.map(lambda item: [item, item, (item,)])
    ),
    max_leaves=25,
)


def _imports(data: bytes) -> list[tuple[str, str]]:
    """Return the imports of a valid stream by a simple walk that keeps strings and memo only."""
    found: list[tuple[str, str]] = []
    memo: dict[int, object] = {}
    last: list[object] = []
    for opcode, argument, _position in pickletools.genops(data):
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            module, _, symbol = str(argument).partition(" ")
            found.append((module, symbol))
            last.append(None)
        elif name == "STACK_GLOBAL":
            found.append((str(last[-2]), str(last[-1])))
            last.append(None)
        elif name == "MEMOIZE":
            memo[len(memo)] = last[-1]
        elif "PUT" in name:
            memo[int(argument)] = last[-1]
        elif "GET" in name:
            last.append(memo[int(argument)])
        else:
            last.append(argument if "UNICODE" in name or "STRING" in name else None)
    return found


def _distinct(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(names))


@given(item=OBJECTS, protocol=st.integers(0, 5), optimized=st.booleans())
@SPEC
def test_opcodes_end_and_imports_are_those_that_pickletools_sees(run, item, protocol, optimized):
    data = pickle.dumps(item, protocol)
    if optimized:
        data = pickletools.optimize(data)
    trace = run(data + b"behind")
    assert trace.stopped
    assert trace.end == len(data)
    assert trace.opcodes == sum(1 for _ in pickletools.genops(data))
    names = _imports(data)
    assert _distinct([(s.module, s.name) for s in trace.symbols]) == _distinct(names)
    assert sum(symbol.count for symbol in trace.symbols) == len(names)
    assert not trace.oddities
    assert trace.protocol == (protocol if protocol >= 2 else 0)


@given(item=OBJECTS, protocol=st.integers(0, 5))
@SPEC
def test_a_cut_stream_ends_at_the_cut_and_never_stops(run, item, protocol):
    data = pickle.dumps(item, protocol)
    for cut in {1, len(data) // 2, len(data) - 1} - {0}:
        trace = run(data[:cut])
        assert not trace.stopped
        assert trace.end <= cut
