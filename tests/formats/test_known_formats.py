"""What is recognised by its signature alone is named, searched, and never clean."""

import re

import pytest

from formats.scanning import scan
from weighbridge.findings.model import Verdict
from weighbridge.tables import reader
from weighbridge.tables.known_formats import KnownFormat, known_formats

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
SIGNATURES = [one for one in known_formats() if 0 <= one.offset < 512]
# Bytes that nothing else begins with, and no text.
FILLING = bytes(byte for high in range(200, 256) for byte in (high, high % 7)) * 10


def file_with(one):
    """A file with one signature at its place."""
    if one.offset < 0:
        front = FILLING[: one.offset + len(one.magic)] if one.offset + len(one.magic) else FILLING
        return front + one.magic + FILLING[: -one.offset - len(one.magic)]
    return FILLING[: one.offset].ljust(one.offset, b"\1") + one.magic + FILLING


def test_rows_are_sorted_and_signatures_are_long_enough():
    rows = reader.rows("known_formats.tsv", *KnownFormat.__slots__)
    assert list(rows) == sorted(set(rows))
    assert len({(one.offset, one.magic) for one in known_formats()}) == len(rows)
    for one in known_formats():
        assert len(one.magic) >= 3, one
        assert re.fullmatch(r"[a-z0-9.]+(?:-[a-z0-9.]+)*", one.name), one


@pytest.mark.parametrize("one", known_formats(), ids=lambda one: f"{one.name}-{one.magic.hex()}")
def test_it_is_named_and_not_clean(one):
    answer = scan(file_with(one))
    assert (answer.format, answer.verdict) == (one.name, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("one", SIGNATURES[::7], ids=lambda one: one.name)
def test_a_signature_hides_no_pickle(one):
    assert scan(file_with(one) + TRAP).verdict is Verdict.MALICIOUS


def test_a_text_that_begins_with_a_signature_is_a_text():
    for word in ("BLENDER", "regf", "usearch", "ptau", "LZIP", "MAC ", "CRAM"):
        assert scan(f"{word} is what this text begins with\n".encode()).verdict is Verdict.CLEAN
