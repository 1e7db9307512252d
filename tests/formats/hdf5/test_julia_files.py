"""Files of Julia are HDF5 behind a block of text, and the types that they name are not judged."""

import io

import pytest

from formats.scanning import scan
from weighbridge.findings.model import Verdict

h5py = pytest.importorskip("h5py")
HEADERS = (
    b"HDF5-based Julia Data Format, version 0.2.0\0 (Julia 1.9.0 64-bit little endian)",
    b"Julia data file (HDF5), version 0.1.3",
)


def file_with(block: bytes) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w", userblock_size=512) as made:
        made["weight"] = [1.0, 2.0]
    return block.ljust(512, b"\0") + out.getvalue()[512:]


@pytest.mark.parametrize("header", HEADERS)
def test_a_file_of_julia_is_no_alarm_and_not_clean(header):
    answer = scan(file_with(header))
    assert (answer.format, answer.verdict) == ("hdf5", Verdict.INCONCLUSIVE)
    assert answer.findings == []


def test_another_block_is_an_alarm_still():
    assert scan(file_with(b"\1\2 no text" * 9)).verdict is Verdict.SUSPICIOUS
    assert scan(file_with(HEADERS[0] + b"\x80\x04\xff")).verdict is Verdict.SUSPICIOUS
