"""Inert data is recognised, accounted for to its end, and hides nothing behind it."""

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from formats.data_files.data_samples import ENDLESS, MADE, mecab_matrix
from formats.scanning import scan
from weighbridge.facts.structure import Format
from weighbridge.findings.model import Verdict

# What an unpickler would run if it were pointed at the place.
TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


def named(answer):
    return next((f.format for f in answer.facts if isinstance(f, Format) and not f.member), None)


@pytest.mark.parametrize("name", MADE)
def test_a_whole_file_is_clean(name):
    answer = scan(MADE[name]())
    assert (named(answer), answer.verdict) == (name.split()[0], Verdict.CLEAN)


def test_a_matrix_of_mecab_is_as_long_as_its_sides_say():
    assert (named(scan(mecab_matrix())), scan(mecab_matrix()).verdict) == ("mecab", Verdict.CLEAN)
    assert scan(mecab_matrix() + b"x").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("name", sorted(set(MADE) - ENDLESS))
def test_what_stands_behind_the_end_is_examined(name):
    assert scan(MADE[name]() + TRAP).verdict is Verdict.MALICIOUS
    assert scan(MADE[name]() + b"\xfe\x07filling" + TRAP).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("name", sorted(set(MADE) - ENDLESS))
def test_a_file_that_breaks_off_is_not_clean(name):
    whole = MADE[name]()
    for size in range(max(len(whole) - 4, 1), len(whole) - 1):
        assert scan(whole[:size]).verdict is not Verdict.CLEAN, size


# An index of tokens may have a small number for each sequence, and a frame of silence is a byte.
EXACT = sorted(set(MADE) - ENDLESS - {"token-index", "amr"})


@given(st.sampled_from(EXACT), st.binary(min_size=1, max_size=40))
def test_nothing_is_clean_behind_the_end(name, behind):
    """But for what writers fill up with."""
    assume(behind.strip(b"\0 \t\r\n"))
    assert scan(MADE[name]() + behind).verdict is not Verdict.CLEAN


@pytest.mark.parametrize("name", MADE)
def test_damage_ends_in_an_answer(name):
    whole, chance = MADE[name](), random.Random(name)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        scan(bytes(damaged[: chance.randint(1, len(damaged))]))


@pytest.mark.parametrize("name", MADE)
def test_a_pickle_is_not_taken_for_data(name):
    """No reader of data claims what an unpickler reads from the start."""
    assert scan(TRAP + MADE[name]()).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "text",
    [
        "GRIB is a format of the weather\n",
        "BUFR too\n",
        "icns are icons\n",
        "qoif, glTF, DDS and LASF are letters\n",
        "G" + "o" * 187 + "G" + "o" * 250,
        "RIFF\nsfbk\n",
        "P7\nWIDTH\n",
        "NRRD0004\ntype: uchar\nsizes: 3\nencoding: ascii\n\n1 2 3\n",
        "# .PCD v0.7\nVERSION 0.7\nDATA ascii\n1 2 3\n",
        "ply\nformat ascii 1.0\nelement vertex 1\nend_header\n0\n",
        "solid made by hand\nendsolid\n",
        "ObjectType = Image\nElementDataFile = a.raw\n",
    ],
    ids=lambda text: text[:8].strip(),
)
def test_a_text_is_not_taken_for_data(text):
    answer = scan(text.encode())
    assert (named(answer), answer.verdict) == ("text", Verdict.CLEAN)


def test_what_ends_where_it_begins_is_nothing():
    for front in (b"\0\0\x07\xcb" + bytes(9), b"\0\0\x07\xc9" + bytes(8) + b"GMX_trn_file"):
        assert named(scan(front + bytes(range(1, 200)))) is None
