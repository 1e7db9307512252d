"""safetensors: whatever the reference reader refuses is an anomaly or a gap."""

from __future__ import annotations

import json
import struct

import pytest
from formats_judging import facts_of, formats, gaps, verdict
from samples import HONEST, safetensors, tensor

from weighbridge.facts.structure import Anomaly, Metadata


def _codes(data: bytes) -> set[str]:
    return {fact.code for fact in facts_of(data) if isinstance(fact, Anomaly)}


def test_an_honest_file_has_no_anomaly():
    data = safetensors({"__metadata__": {"format": "pt"}, **HONEST}, bytes(24), b"   ")
    assert formats(facts_of(data)) == ["safetensors"]
    assert _codes(data) == set()
    assert verdict(data) == "clean"


def test_what_the_library_writes_is_clean():
    library = pytest.importorskip("safetensors.numpy")
    np = pytest.importorskip("numpy")
    data = library.save({"a": np.ones((2, 3)), "b": np.zeros(0), "c": np.array(1, "i2")})
    assert verdict(data) == "clean"


@pytest.mark.parametrize(
    ("tensors", "size", "code"),
    [
        ({"a": tensor(0, 16, [4]), "b": tensor(8, 24, [4])}, 24, "safetensors-overlap"),
        ({"a": tensor(0, 16, [4]), "b": tensor(20, 24, [1])}, 24, "safetensors-hole"),
        ({"a": tensor(4, 20, [4])}, 20, "safetensors-hole"),
        ({"a": tensor(0, 16, [5])}, 16, "safetensors-size"),
        ({"a": tensor(0, 16, [2**62, 2**62])}, 16, "safetensors-size"),
        ({"a": tensor(0, 16, [4], "F999")}, 16, "safetensors-tensor"),
        ({"a": tensor(16, 0, [4])}, 16, "safetensors-tensor"),
        ({"a": tensor(0, 16, [-4])}, 16, "safetensors-tensor"),
        ({"a": {"dtype": "F32"}}, 16, "safetensors-tensor"),
        ({"a": 7}, 16, "safetensors-tensor"),
        ({"a": tensor(0, 16, [4]), "__metadata__": {"n": 1}}, 16, "safetensors-metadata"),
        ({"a": tensor(0, 16, [4])}, 40, "trailing-bytes"),
    ],
)
def test_a_layout_that_the_reference_refuses(tensors, size, code):
    data = safetensors(tensors, b"\x01" * size)
    assert code in _codes(data)
    assert verdict(data) != "clean"


def test_duplicate_keys():
    entry = json.dumps(tensor(0, 16, [4]))
    header = f'{{"a": {entry}, "a": {entry}}}'.encode()
    assert "safetensors-duplicate-key" in _codes(
        struct.pack("<Q", len(header)) + header + bytes(16)
    )


def test_tensors_beyond_the_end_of_the_file():
    assert "malformed-truncated" in gaps(facts_of(safetensors(HONEST, bytes(10))))


@pytest.mark.parametrize(
    "header", [b"{", b"{]", b"{" * 200_000, b'{"a":' * 90_000, b'{"a": NaN}', b"{\xff}"]
)
def test_a_header_that_is_no_json_is_a_gap(header):
    data = struct.pack("<Q", len(header)) + header + bytes(8)
    assert gaps(facts_of(data))


def test_a_number_of_a_million_digits_in_the_header():
    header = b'{"a": {"dtype": "F32", "shape": [' + b"9" * 100_000 + b'], "data_offsets": [0, 4]}}'
    assert verdict(struct.pack("<Q", len(header)) + header + bytes(4)) != "clean"


def test_metadata_is_bounded():
    data = safetensors({"__metadata__": {f"k{n}": "v " * 4500 for n in range(900)}}, b"")
    found = [fact for fact in facts_of(data) if isinstance(fact, Metadata)]
    assert len(found) <= 200
    assert max(len(fact.value) for fact in found) <= 2000
