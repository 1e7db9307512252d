"""The opcodes that stand around what a stream does, kept for people."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import Any

from builders import pickles as p
from weighbridge.budget import Budget, Limits
from weighbridge.facts import codec
from weighbridge.facts.pickles import Call
from weighbridge.facts.structure import Excerpt
from weighbridge.formats.examine import examine
from weighbridge.formats.pickle.excerpts import MOST
from weighbridge.sources.memory import BytesSource


def facts(data: bytes) -> list[Any]:
    return examine(BytesSource(data), Budget(Limits()))


def excerpts(data: bytes) -> list[Excerpt]:
    return [fact for fact in facts(data) if isinstance(fact, Excerpt)]


def calling(argument: bytes) -> bytes:
    return p.proto(4) + p.stack_global("os", "system") + argument + p.TUPLE1 + p.REDUCE + p.STOP


def test_the_call_stands_among_the_opcodes_before_it() -> None:
    data = calling(p.short_text("id"))
    (excerpt,) = excerpts(data)
    (call,) = (fact for fact in facts(data) if isinstance(fact, Call))
    assert excerpt.offset == call.offset
    shown = {offset: text for offset, _, _, text in excerpt.lines}
    assert shown[call.offset] == "REDUCE"
    assert "SHORT_BINUNICODE 'system'" in shown.values()
    for offset, size, raw, _ in excerpt.lines:
        assert data[offset : offset + size].hex().startswith(raw)


def test_an_honest_file_has_none() -> None:
    assert excerpts(pickle.dumps(OrderedDict(weights=[1.0] * 50), 4)) == []


def test_it_survives_its_way_through_the_store() -> None:
    (excerpt,) = excerpts(calling(p.short_text("id")))
    assert codec.decode(codec.encode(excerpt)) == excerpt


def test_a_long_operand_is_cut_and_says_so() -> None:
    (excerpt,) = excerpts(calling(p.text("x" * 5000)))
    (line,) = (line for line in excerpt.lines if line[1] > 5000)
    assert "5000 characters" in line[3] and len(line[3]) < 250 and len(line[2]) <= 64


def test_a_place_far_into_a_stream_is_shown_from_the_nearest_known_opcode() -> None:
    filler = b"".join(p.text("y" * 30_000) + p.POP for _ in range(3))
    data = p.proto(4) + filler + calling(p.short_text("id"))[2:]
    (excerpt,) = excerpts(data)
    assert (excerpt.lines[-2][3], excerpt.lines[-1][3]) == ("REDUCE", "STOP")


def test_credentials_are_masked_in_text_and_bytes() -> None:
    token = "hf_" + "Ab1" * 11 + "Z"
    (excerpt,) = excerpts(calling(p.text(f"curl -H {token}")))
    told = repr(excerpt.lines)
    assert token not in told and token.encode().hex() not in told
    assert token[4:12].encode().hex() not in told


def test_thousands_of_calls_give_a_bounded_number() -> None:
    one = p.stack_global("os", "system") + p.short_text("id") + p.TUPLE1 + p.REDUCE + p.POP
    many = b"".join(one.replace(b"id", b"%02d" % (n % 100)) for n in range(3000))
    assert len(excerpts(p.proto(4) + many + p.NONE + p.STOP)) <= MOST


def test_a_broken_stream_is_shown_up_to_where_it_breaks() -> None:
    (excerpt,) = excerpts(calling(p.short_text("id"))[:-1] + b"\xff\xff")
    assert any(line[3] == "REDUCE" for line in excerpt.lines)
