"""Bytes without a signature are told apart by what their places carry; no verdict follows."""

import random
import struct

import pytest

from formats.scanning import scan
from weighbridge.facts.structure import Gap
from weighbridge.findings.model import Verdict
from weighbridge.formats.likeness import NUMBERS, PACKED, likeness
from weighbridge.sources.memory import BytesSource

CHANCE = random.Random(8)
VALUES = [CHANCE.gauss(0, 0.02) for _ in range(8_000)]
SINGLE = struct.pack("<8000f", *VALUES)
ARRAYS = {
    "float64": (8, struct.pack("<8000d", *VALUES)),
    "float32": (4, SINGLE),
    "bfloat16": (2, b"".join(SINGLE[at + 2 : at + 4] for at in range(0, len(SINGLE), 4))),
    "float16": (2, struct.pack("<8000e", *VALUES)),
    "int32": (4, struct.pack("<8000i", *(CHANCE.randrange(32_000) for _ in range(8_000)))),
}
NOISE = CHANCE.randbytes(100_000)


@pytest.mark.parametrize("name", ARRAYS)
def test_numbers_are_told_by_their_width(name):
    width, data = ARRAYS[name]
    assert likeness(BytesSource(data)) == (NUMBERS, f"numbers of {width} bytes without a header")


def test_noise_has_no_width():
    found = likeness(BytesSource(NOISE))
    assert found is not None
    assert found[0] == PACKED


@pytest.mark.parametrize("data", [NOISE[:4000], b"\1" + bytes(9_000), NOISE[:9] * 2_000])
def test_what_is_short_or_repeats_looks_like_nothing(data):
    assert likeness(BytesSource(data)) is None


@pytest.mark.parametrize("data", [ARRAYS["float32"][1], NOISE], ids=["numbers", "noise"])
def test_it_is_named_and_never_clean(data):
    answer = scan(data)
    assert answer.format in (NUMBERS, PACKED)
    assert answer.verdict is Verdict.INCONCLUSIVE
    (gap,) = [fact for fact in answer.facts if isinstance(fact, Gap)]
    assert "a judgement needs the program" in gap.text


def test_what_hides_in_numbers_is_found():
    trap = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    data = ARRAYS["float32"][1]
    assert scan(data[:16_000] + trap + data[16_000:]).verdict is Verdict.MALICIOUS
