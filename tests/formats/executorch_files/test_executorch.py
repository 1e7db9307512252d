"""ExecuTorch programs and data files: sizes, indices and segments against the file."""

import struct

import pytest
from evals.flat_tables import Flat, Numbers, Scalar, flatbuffer
from evals.programs import elf
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.templates.scanning import Answer
from weighbridge.facts.structure import Anomaly, Metadata

BASE = 4096


def codes(answer):
    return {fact.code for fact in answer.facts if isinstance(fact, Anomaly)}


def wide(*numbers):
    return [Flat({0: Scalar(a, 8), 1: Scalar(b, 8)}) for a, b in numbers]


def tensor(sizes=(2, 3), constant=0):
    return Flat({0: Scalar(6, 1), 2: Numbers(sizes), 3: b"\0\1", 5: Scalar(constant)})


def value(inner, kind=5):
    return Flat({0: Scalar(kind, 1), 1: inner})


def plan(**changes):
    call = Flat({0: Scalar(1, 1), 1: Flat({0: Scalar(changes.get("call", 0)), 1: Numbers((0,))})})
    where = Flat({0: Scalar(1, 1), 1: Scalar(changes.get("blob", 1))})
    return Flat(
        {
            0: "forward",
            2: [value(tensor()), value(changes.get("tensor", tensor(constant=1)))],
            3: Numbers((changes.get("input", 0),)),
            4: Numbers((1,)),
            5: [Flat({2: [call]})],
            6: [Flat({0: "aten::add", 1: "out"})],
            7: [Flat({0: "XnnpackBackend", 1: where})],
        }
    )


def program(segments=((0, 64), (64, 64)), size=None, base=BASE, data=bytes(128), **changes):
    offsets = Flat({0: Scalar(0), 1: Numbers((0,) * 4)})
    # The padding stands in for the upper halves of the 64-bit offsets.
    fields = {0: Scalar(0), 1: [plan(**changes)], 4: wide(*segments), 5: offsets, 9: bytes(64)}
    root = Flat(fields)
    flat = flatbuffer(root, b"ET12")
    whole = len(flat) + 32
    header = b"eh00" + struct.pack("<IQQQ", 32, whole if size is None else size, base, 128)
    start = int.from_bytes(flat[:4], "little") + 32
    head = start.to_bytes(4, "little") + b"ET12" + header + flat[8:]
    return head.ljust(BASE, b"\0") + data


def test_an_honest_program_is_clean():
    answer = Answer(program())
    assert (answer.verdict, codes(answer), answer.formats) == ("clean", set(), ["executorch"])
    named = {(fact.key, fact.value) for fact in answer.of(Metadata)}
    assert ("backend", "XnnpackBackend") in named and ("operator", "aten::add") in named


def test_a_program_without_extended_header_is_clean():
    assert Answer(flatbuffer(Flat({0: Scalar(0)}), b"ET12")).verdict == "clean"


@pytest.mark.parametrize(
    ("made", "code", "verdict"),
    [
        (program(tensor=tensor((1 << 30, 1 << 30, 64))), "executorch-overflow", "malicious"),
        (program(((0, 64), (1 << 63, 64))), "executorch-overflow", "malicious"),
        (program(((0, 64), (64, 1 << 20))), "executorch-segment", "suspicious"),
        (program(tensor=tensor(constant=900)), "executorch-index", "suspicious"),
        (program(tensor=tensor((-1, 2))), "executorch-shape", "suspicious"),
        (program(input=77), "executorch-index", "suspicious"),
        (program(call=5), "executorch-index", "suspicious"),
        (program(blob=9), "executorch-index", "suspicious"),
        (program(size=8), "executorch-header", "suspicious"),
        (program(base=16), "executorch-header", "suspicious"),
    ],
)
def test_numbers_that_do_not_fit(made, code, verdict):
    answer = Answer(made)
    assert code in codes(answer) and answer.verdict == verdict


def test_an_offset_out_of_the_program():
    data = bytearray(program())
    data[:4] = (BASE * 4).to_bytes(4, "little")
    answer = Answer(bytes(data))
    assert "executorch-offset" in codes(answer) and answer.verdict == "suspicious"


def test_a_file_that_breaks_off_is_not_clean():
    answer = Answer(program()[: BASE + 10])
    assert answer.verdict != "clean"


def test_code_of_a_backend_is_a_weakness():
    answer = Answer(program(((0, 64), (64, 64)), data=bytes(64) + elf()))
    assert (answer.verdict, answer.rules) == ("weakness", {"native-code"})


def test_what_follows_the_segments_is_examined():
    assert Answer(program(data=bytes(128) + elf())).verdict == "malicious"


def test_data_files():
    flat = flatbuffer(Flat({0: Scalar(0)}), b"FT01")
    header = b"FH01" + struct.pack("<IQQQQ", 40, 48, len(flat), 128, 64)

    def made(header):
        return (flat[:8] + header + flat[8:]).ljust(128, b"\0") + bytes(64)

    assert Answer(made(header)).verdict == "clean"
    beyond = b"FH01" + struct.pack("<IQQQQ", 40, 48, 8, 128, 640)
    assert codes(Answer(made(beyond))) == {"executorch-segment"}
    wraps = b"FH01" + struct.pack("<IQQQQ", 40, 48, 8, 128, (1 << 64) - 1)
    assert Answer(made(wraps)).verdict == "malicious"
    assert Answer(made(b"FH02" + header[4:])).verdict == "inconclusive"


def mobile(*names):
    operators = [Flat({0: name, 1: ""}) for name in names]
    function = value(Flat({0: "__torch__.M.forward", 2: operators}), 16)
    return flatbuffer(Flat({0: Scalar(9), 4: [function]}), b"PTMF")


def test_operators_of_mobile_programs():
    assert Answer(mobile("aten::linear", "aten::relu")).rules == {"torchscript-code"}
    answer = Answer(mobile("aten::linear", "aten::from_file"))
    assert answer.verdict == "malicious" and "file_read" in answer.effects


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([program(), mobile("aten::add")]), st.integers(0, 900), st.binary(max_size=8)
)
def test_altered_files(data, at, put):
    Answer(data[:at] + put + data[at + len(put) :])
    Answer(data[:at] + put)
