"""MessagePack, as Flax writes weights: followed to its end, never code."""

import pickle
import random
import struct

import pytest

from formats.scanning import scan
from weighbridge.facts.structure import Format, Note
from weighbridge.findings.model import Verdict

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


def text(value):
    return bytes([0xA0 + len(value)]) + value.encode()


def array(*shape):
    count = 4
    for extent in shape:
        count *= extent
    shape_bytes = bytes([0x90 + len(shape)]) + bytes(shape)
    inner = b"\x93" + shape_bytes + text("float32") + b"\xc6" + struct.pack(">I", count)
    data = inner + bytes(count)
    return b"\xc9" + struct.pack(">I", len(data)) + b"\x01" + data


def mapping(**values):
    return bytes([0x80 + len(values)]) + b"".join(text(k) + v for k, v in values.items())


WEIGHTS = mapping(params=mapping(kernel=array(3, 4), bias=array(4)), step=b"\xcd\x01\x00")


def test_weights_are_clean():
    answer = scan(WEIGHTS)
    assert next(f.format for f in answer.facts if isinstance(f, Format)) == "msgpack"
    assert answer.verdict is Verdict.CLEAN


def test_a_list_is_known_when_all_of_it_fits():
    listed = b"\x93" + text("word") + b"\x91" + text("other") + text("third")
    assert scan(listed).verdict is Verdict.CLEAN
    assert scan(listed + b"\x01").verdict is Verdict.INCONCLUSIVE


def test_what_follows_is_examined():
    assert scan(WEIGHTS + TRAP).verdict is Verdict.MALICIOUS


def test_each_truncation_is_noticed():
    for size in range(9, len(WEIGHTS)):
        assert scan(WEIGHTS[:size]).verdict is not Verdict.CLEAN, size


@pytest.mark.parametrize(
    "value",
    [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xc1"],
)
def test_sizes_that_do_not_fit_are_gaps(value):
    assert scan(mapping(params=value)).verdict is Verdict.INCONCLUSIVE


def test_nesting_is_bounded():
    assert scan(mapping(a=b"\x91" * 300 + b"\xc0")).verdict is Verdict.CLEAN
    deep = b"\x92" * 3000 + b"\xc0" * 3001
    assert scan(mapping(a=deep)).verdict is Verdict.INCONCLUSIVE


def test_extensions_of_others_are_noted():
    answer = scan(mapping(a=b"\xd4\x2a\x00"))
    assert [f.code for f in answer.facts if isinstance(f, Note)] == ["msgpack-extension"]


def test_damage_ends_in_an_answer():
    chance = random.Random(1)
    for _ in range(300):
        damaged = bytearray(WEIGHTS)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        scan(bytes(damaged))


def test_the_real_library():
    msgpack = pytest.importorskip("msgpack", reason="it writes such files")
    value = {
        "params": {"w": msgpack.ExtType(1, b"x" * 70000)},
        "n": [1, -5, 2.5, None, True, 1 << 40],
    }
    assert scan(msgpack.packb(value)).verdict is Verdict.CLEAN


def test_rows_of_vectors_are_known_when_all_of_it_fits():
    rows = b"\x82\xcf" + bytes(range(8)) + b"\x00\xcf" + bytes(range(8, 16)) + b"\x01"
    assert (scan(rows).format, scan(rows).verdict) == ("msgpack", Verdict.CLEAN)
    for data in (rows + b"\x01", rows[:-1]):
        assert scan(data).verdict is Verdict.INCONCLUSIVE


def objects(data, kind=b"O", order=("nd", "kind", "data")):
    values = {
        "nd": b"\xc3",
        "kind": b"\xc4" + bytes([len(kind)]) + kind,
        "data": b"\xc6" + struct.pack(">I", len(data)) + data,
    }
    return mapping(w=mapping(**{key: values[key] for key in order}), v=mapping(data=b"\xc4\x01x"))


@pytest.mark.parametrize("order", [("nd", "kind", "data"), ("data", "kind", "nd")])
def test_arrays_of_objects_are_unpickled(order):
    answer = scan(objects(TRAP, order=order))
    assert answer.verdict is Verdict.MALICIOUS
    assert {name for f in answer.findings for name in f.loaders} == {"msgpack_numpy.decode"}
    assert scan(objects(pickle.dumps([1, "x"]), order=order)).verdict is Verdict.CLEAN


def test_numbers_are_not_unpickled():
    assert scan(objects(TRAP, b"f")).verdict is Verdict.CLEAN
    assert scan(objects(TRAP, b"V")).verdict is Verdict.CLEAN


def test_more_arrays_than_are_examined_are_a_gap():
    decoy = b"\xa1a" + mapping(data=b"\xc4\x01x")
    last = mapping(nd=b"\xc3", kind=b"\xc4\x01O", data=b"\xc4" + bytes([len(TRAP)]) + TRAP)
    many = b"\xde" + struct.pack(">H", 1002) + 1001 * decoy
    assert scan(many + b"\xa1z" + mapping(data=b"\xc4\x01x")).verdict is Verdict.CLEAN
    assert scan(many + b"\xa1z" + last).verdict is Verdict.INCONCLUSIVE


def test_a_map_of_numbers_is_read_whole_or_not_at_all():
    """librosa keeps intervals of music as a map whose keys are floats."""
    data = b"\xde\x00\x03" + b"".join(
        b"\xcb" + bytes([63, n]) + bytes(6) + b"\x81\x02\xff" for n in (1, 2, 3)
    )
    answer = scan(data)
    assert (answer.format, answer.verdict) == ("msgpack", Verdict.CLEAN)
    assert scan(data + b"\xc1").verdict is not Verdict.CLEAN
