"""Whatever the bytes are, the scan of a GGUF file ends in facts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.gguf_files.building import honest
from formats.templates.scanning import Answer

WHOLE = {
    (version, big): honest(version=version, big=big).build()
    for version in (1, 2, 3)
    for big in (False, True)
}


STARTS = [b"GGUF\3\0\0\0", b"GGUF\0\0\0\2", b"lmgg", b"tjgg\3\0\0\0", b"algg\1\0\0\0"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 10_000), st.binary(min_size=1, max_size=9))
def test_altered_files(which, at, put):
    data = WHOLE[which]
    at %= len(data)
    Answer(data[:at] + put + data[at + len(put) :])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 10_000), st.binary(max_size=30))
def test_truncated_files(which, at, tail):
    data = WHOLE[which]
    Answer(data[: at % len(data)] + tail)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_random_files(magic, rest):
    Answer(magic + rest)


@pytest.mark.parametrize("byte", [0x00, 0x01, 0x7F, 0x80, 0xFF])
def test_every_byte_of_the_header(byte):
    data = WHOLE[3, False]
    for at in range(4, min(len(data), 700), 3):
        Answer(data[:at] + bytes([byte]) + data[at + 1 :])
