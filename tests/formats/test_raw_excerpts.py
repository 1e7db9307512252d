"""The bytes around places in formats that are no pickles, kept for people."""

from __future__ import annotations

from weighbridge.budget import Budget, Limits
from weighbridge.facts.structure import Anomaly, Excerpt
from weighbridge.formats.context import Context, Place
from weighbridge.formats.examine import walk
from weighbridge.formats.excerpts import add_raw_excerpts
from weighbridge.sources.memory import BytesSource

DATA = bytes(range(256)) * 2


def excerpts(offset: int | None, data: bytes = DATA, count: int = 1) -> list[Excerpt]:
    context = Context(Budget(Limits()), walk)
    for number in range(count):
        at = None if offset is None else offset + number
        context.add(Anomaly(None, at, "x", "code", "text"))
    add_raw_excerpts(context, BytesSource(data), Place(), 0)
    return [fact for fact in context.facts if isinstance(fact, Excerpt)]


def test_a_line_begins_at_the_place() -> None:
    for offset in (0, 5, 100, 500):
        (excerpt,) = excerpts(offset)
        assert offset in [line[0] for line in excerpt.lines]
        for start, size, raw, _ in excerpt.lines:
            assert bytes.fromhex(raw) == DATA[start : start + size]


def test_a_place_behind_the_end_or_without_offset_has_none() -> None:
    assert excerpts(10_000) == [] and excerpts(None) == []


def test_a_credential_is_not_shown() -> None:
    token = b"hf_" + b"Ab1" * 11 + b"Z"
    assert excerpts(64, b" " * 64 + token + b" " * 64) == []


def test_there_is_a_bounded_number() -> None:
    assert len(excerpts(0, count=400)) == 16
