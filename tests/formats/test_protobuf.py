"""The walker of the wire format."""

from __future__ import annotations

import contextlib

import pytest
from evals.protobufs import message, varint
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.budget import Budget, Limits
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.formats.protobuf import DEPTH, Message, Wire, signed
from weighbridge.sources.memory import BytesSource


class Counted(BytesSource):
    """Counts what is read."""

    read = 0

    def read_at(self, offset: int, count: int) -> bytes:
        data = super().read_at(offset, count)
        self.read += len(data)
        return data


def wire(data: bytes) -> Wire:
    return Wire(BytesSource(data), Budget())


def walked(data: bytes, runs: tuple[int, ...] = ()) -> list[tuple[int, int, int, int]]:
    reader = wire(data)
    return [(f.number, f.wire, f.value, f.size) for f in reader.fields(reader.whole(), runs)]


def test_every_type() -> None:
    data = message((1, 300), (2, "ab"), (3, 1.5), (2000, b"")) + varint(4 << 3 | 1) + bytes(8)
    assert walked(data) == [
        (1, 0, 300, 2),
        (2, 2, 2, 2),
        (3, 5, 0, 4),
        (2000, 2, 0, 0),
        (4, 1, 0, 8),
    ]


def test_negative_numbers() -> None:
    ((_number, _wire, value, size),) = walked(message((1, -2)))
    assert (signed(value), size) == (-2, 10)


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x05abc",  # longer than what is there
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # longer than anything
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # eleven bytes
        b"\x08\xff",  # breaks off
        b"\x0b\x0c",  # a group
        b"\x00\x01",  # number 0
        b"\x0e\x01",  # wire type 6
        b"\x0d\x01\x02",  # four bytes, two there
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        walked(data)


def test_a_child_stays_in_its_parent() -> None:
    reader = wire(message((1, b"\x0a\x05")) + b"abcdefgh")
    (field, *_rest) = reader.fields(Message(0, 4))
    with pytest.raises(MalformedInput):
        list(reader.fields(reader.inner(field)))


def test_depth() -> None:
    reader = wire(message((1, b"")))
    (field,) = reader.fields(Message(0, 2, DEPTH))
    with pytest.raises(LimitExceeded):
        reader.inner(field)


def test_large_fields_are_skipped() -> None:
    source = Counted(message((1, bytes(10_000_000)), (2, "end")))
    reader = Wire(source, Budget())
    *_, last = reader.fields(reader.whole())
    assert reader.text(last) == "end"
    assert source.read < 50_000


@pytest.mark.parametrize("value", [7, 300, 1 << 60, 1.5])
def test_runs(value: object) -> None:
    data = message((1, 5), *[(7, value)] * 400_000, (2, "x"))
    assert [number for number, *_ in walked(data, (7,))] == [1, 7, 2]
    assert len(walked(message(*[(7, value)] * 100))) == 100


def test_packed_numbers() -> None:
    reader = wire(message((1, varint(3) + varint(-1)), (1, 4)))
    assert [reader.numbers(field) for field in reader.fields(reader.whole())] == [[3, -1], [4]]


def test_time_is_checked() -> None:
    reader = Wire(BytesSource(message((1, 5)) * 10_000), Budget(Limits(seconds=-1)))
    with pytest.raises(LimitExceeded):
        list(reader.fields(reader.whole()))


NUMBERS = st.integers(1, 30)
NESTED = st.recursive(
    st.lists(st.tuples(NUMBERS, st.integers(0, 1 << 64) | st.binary(max_size=9)), max_size=4),
    lambda inner: st.lists(st.tuples(NUMBERS, inner.map(lambda x: message(*x))), max_size=4),
    max_leaves=6,
)  # fmt: skip


@given(NESTED)
def test_round_trip(fields: list[tuple[int, object]]) -> None:
    assert [number for number, *_ in walked(message(*fields))] == [number for number, _ in fields]


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    with contextlib.suppress(ParseError):
        walked(data, (1, 2))
