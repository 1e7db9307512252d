"""Sets of byte ranges, against plain sets of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.sources.extents import Extents

RANGE = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda one: (one[0], sum(one)))


@given(st.lists(RANGE, max_size=20), RANGE, st.integers(0, 80))
def test_extents_are_sets_of_offsets(added: list[tuple[int, int]], asked: tuple[int, int], at: int):
    extents, plain = Extents(), set()
    for start, end in added:
        extents.add(start, end)
        plain |= set(range(start, end))
    parts = list(extents)
    assert {number for start, end in parts for number in range(start, end)} == plain
    assert all(end < start for (_, end), (start, _) in zip(parts, parts[1:], strict=False))
    gaps = extents.missing(*asked)
    assert {n for start, end in gaps for n in range(start, end)} == set(range(*asked)) - plain
    start, end = extents.around(at)
    assert (start < end) == (at in plain)
    assert set(range(start, end)) <= plain
