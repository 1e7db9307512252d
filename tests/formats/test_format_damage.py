"""Damaged files: examine() ends, raises nothing, and never calls clean what it could not see."""

from __future__ import annotations

import random

import pytest
from formats_judging import facts_of, gaps, verdict
from samples import clean_samples, hostile_samples, torch_samples

SMALL = 2048


def _cuts(data: bytes, places: int) -> list[int]:
    if len(data) <= SMALL:
        return list(range(len(data)))
    edges = {0, 1, 2, len(data) - 1, len(data) - 2}
    return sorted(edges | set(random.Random(7).sample(range(len(data)), places)))


def _names(samples) -> list[str]:
    return sorted(samples())


@pytest.mark.parametrize("name", _names(clean_samples))
def test_an_honest_file_is_clean(name):
    data = clean_samples()[name]
    assert gaps(facts_of(data)) == set()
    assert verdict(data) == "clean"


@pytest.mark.parametrize("name", _names(clean_samples))
def test_every_truncation_is_noticed(name):
    """What is left of a file is clean only when nothing of its structure is missing.

    A cut at the border of two streams leaves a whole file; so does one that leaves text or nothing.
    """
    data = clean_samples()[name]
    for cut in _cuts(data, 200):
        part = data[:cut]
        if verdict(part) != "clean":
            continue
        kinds = {fact.format for fact in facts_of(part) if hasattr(fact, "format")}
        whole = cut == 0 or kinds <= {"text", "json", "empty"}
        border = name == "streams" and part.endswith(b".")
        padding = name == "tar" and cut >= 1024
        assert whole or border or padding, (cut, kinds, part[-20:])


@pytest.mark.parametrize("name", _names(hostile_samples))
def test_what_ran_before_the_cut_is_still_reported(name):
    data = hostile_samples()[name]
    called = data.index(b"R") + 1
    for cut in range(called, len(data)):
        assert verdict(data[:cut]) == "malicious"


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_end_in_facts(seed):
    rng = random.Random(seed)
    samples = [*clean_samples().values(), *hostile_samples().values()]
    for _ in range(250):
        data = bytearray(rng.choice(samples))
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        facts_of(bytes(data))


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_end_in_facts(seed):
    rng = random.Random(seed)
    for _ in range(200):
        facts_of(rng.choice((b"", b"\x80\x04", b"(", b"PK\3\4", b"\x93NUMPY")) + rng.randbytes(80))


@pytest.mark.frameworks
@pytest.mark.parametrize("name", ["torch-zip", "torch-legacy"])
def test_checkpoints(name):
    data = torch_samples()[name]
    assert verdict(data) == "clean"
    for cut in _cuts(data, 100):
        part = data[:cut]
        if cut > 16:
            assert verdict(part) != "clean", cut
    rng = random.Random(3)
    for _ in range(150):
        broken = bytearray(data)
        broken[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        facts_of(bytes(broken))
