"""Programs: recognised by headers that hold, judged by where they lie."""

import io
import struct
import zipfile
import zlib

import pytest
from evals.programs import PROGRAMS, elf, java, mach, pe
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.gguf_files.building import honest
from formats.templates.scanning import Answer
from weighbridge.facts.native import Executable


def stored(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def npy(data=b""):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(16) + data


NEARLY = {
    "elf-class": elf()[:4] + b"\x07" + elf()[5:],
    "elf-type": elf(9),
    "elf-short": elf()[:40],
    "pe-signature": pe(signature=b"PE\0\1"),
    "mach-commands": mach(0),
    "java-version": java(3),
    "wasm-version": b"\0asm\7\0\0\0" + bytes(8),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_alone_is_a_weakness(name):
    answer = Answer(PROGRAMS[name])
    assert (answer.verdict, answer.rules) == ("weakness", {"native-code"})
    assert answer.of(Executable)[0].origin == "file"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_behind_an_array_is_malicious(name):
    answer = Answer(npy(PROGRAMS[name]))
    assert answer.verdict == "malicious" and "hidden-executable" in answer.rules


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_among_arrays_is_suspicious(name):
    members = {"a.npy": npy(), "b.npy": PROGRAMS[name]}
    answer = Answer(stored(members))
    assert answer.formats[0] == "npz"
    assert (answer.verdict, answer.rules) == ("suspicious", {"foreign-executable"})


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_in_a_plain_zip_is_a_weakness(name):
    answer = Answer(stored({"readme.txt": b"hello", "tool": PROGRAMS[name]}))
    assert (answer.verdict, answer.rules) == ("weakness", {"native-code"})


@pytest.mark.parametrize("name", NEARLY)
def test_headers_that_do_not_hold_are_no_programs(name):
    assert not Answer(NEARLY[name]).of(Executable)


def test_a_script_is_judged_by_where_it_lies():
    script = b"#!/usr/bin/env bash\nid\n"
    assert Answer(script).verdict == "clean"
    assert Answer(stored({"a.txt": b"x", "run.sh": script})).verdict == "clean"
    assert Answer(stored({"a.npy": npy(), "b.npy": script})).rules == {"foreign-executable"}
    assert "hidden-executable" in Answer(npy(script)).rules


def test_text_that_begins_alike_stays_text():
    for text in (b"MZ is how Windows programs begin, and much else.\n" * 3, b"#! no path\n"):
        assert Answer(text).verdict == "clean"


def test_a_program_behind_gguf_and_compressed_data():
    assert "hidden-executable" in Answer(honest().build() + elf()).rules
    assert Answer(zlib.compress(bytes(64)) + elf()).verdict == "malicious"


def llamafile(arguments=b"-m\nmodel.gguf\n", program=None):
    return (program or elf(2).ljust(4096, b"\0")) + stored(
        {"model.gguf": honest().build(), ".args": arguments}
    )


@pytest.mark.parametrize("program", [None, b"MZqFpD='\n" + bytes(4000), pe().ljust(512, b"\0")])
def test_a_llamafile_is_a_weakness(program):
    answer = Answer(llamafile(program=program))
    assert (answer.verdict, answer.rules) == ("weakness", {"native-code"})
    assert "llamafile" in answer.formats and "gguf" in answer.formats


def test_weights_in_a_llamafile_are_examined():
    pairs = (("tokenizer.chat_template", 8, "{{ cycler.__init__.__globals__.os.popen('id') }}"),)
    inner = stored({"m.gguf": honest(pairs=pairs).build()})
    assert Answer(elf(2).ljust(4096, b"\0") + inner).verdict == "malicious"


@pytest.mark.parametrize("arguments", [b"-m\nhttps://example.org/x.gguf\n", b"-m\n$(id)\n"])
def test_arguments_that_reach_outside_are_suspicious(arguments):
    assert Answer(llamafile(arguments)).verdict == "suspicious"


def test_another_archive_behind_a_program_is_no_llamafile():
    answer = Answer(elf(2).ljust(4096, b"\0") + stored({"a.txt": b"hello"}))
    assert answer.verdict == "malicious"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PROGRAMS)), st.integers(0, 200), st.binary(max_size=6))
def test_altered_programs(name, at, put):
    data = PROGRAMS[name]
    Answer(data[:at] + put + data[at + len(put) :])
    Answer(data[:at] + put)
