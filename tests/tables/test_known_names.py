"""What has no signature is named by what it is called, and judged no better for it."""

import re

import pytest

from formats.scanning import scan
from weighbridge.findings.model import Verdict
from weighbridge.tables import reader
from weighbridge.tables.known_formats import known_formats
from weighbridge.tables.known_names import KnownName, known_names, named

# Bytes that nothing begins with, and no text.
FILLING = bytes(byte for high in range(200, 256) for byte in (high, high % 7)) * 10
TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


def test_rows_are_sorted_and_each_ending_stands_once():
    rows = list(reader.rows("known_names.tsv", *KnownName.__slots__))
    assert rows == sorted(rows)
    assert len({row[0] for row in rows}) == len(rows)
    for one in known_names():
        assert re.fullmatch(r"\.?[a-z0-9_]+(?:\.[a-z0-9]+)*", one.ending), one
        assert re.fullmatch(r"[a-z0-9.]+(?:-[a-z0-9.]+)*", one.name), one


def test_what_a_signature_names_too_needs_the_same():
    needs = {one.name: one.need for one in known_formats()}
    for one in known_names():
        if one.name in needs and one.name != "encrypted":
            assert one.need == needs[one.name], one


@pytest.mark.parametrize("one", known_names(), ids=lambda one: one.ending)
def test_it_is_named_and_not_clean(one):
    file = one.ending if not one.ending.startswith(".") else f"Model{one.ending.upper()}"
    answer = scan(FILLING, name=file)
    assert (answer.format, answer.verdict) == (one.name, Verdict.INCONCLUSIVE)
    assert scan(FILLING + TRAP, name=file).verdict is Verdict.MALICIOUS


def test_a_name_says_nothing_about_what_is_recognised():
    assert scan(b"plain words\n", name="words.tpr").format == "text"
    assert scan(b"Salted__" + FILLING, name="words.tpr").format == "encrypted"


def test_a_whole_name_is_no_ending():
    assert named("coremldata.bin") is not None
    assert named("my-coremldata.bin") is None
