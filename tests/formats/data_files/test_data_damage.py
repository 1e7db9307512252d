"""Numbers in headers that no honest file has end in an answer."""

import random
import struct

import pytest

from formats.data_files.data_samples import MADE
from formats.scanning import scan
from weighbridge.findings.model import Verdict

EXTREMES = b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\r\r\r\r", bytes(4)


@pytest.mark.parametrize("name", MADE)
def test_extreme_numbers_in_the_header(name):
    whole, chance = MADE[name](), random.Random(name)
    for number in range(80):
        damaged = bytearray(whole)
        at = chance.randrange(min(len(damaged), 600))
        damaged[at : at + 4] = EXTREMES[number % len(EXTREMES)]
        scan(bytes(damaged))


def test_a_volume_that_begins_beyond_every_number_breaks_off():
    for start in (float("inf"), 1e38, -1.0):
        data = bytearray(MADE["nifti"]())
        data[108:112] = struct.pack("<f", start)
        assert scan(bytes(data)).verdict is not Verdict.MALICIOUS


def test_fields_of_a_map_may_hold_any_byte():
    assert scan(MADE["netpbm pam"]().replace(b"RGB", b"R\rB")).verdict is Verdict.CLEAN
