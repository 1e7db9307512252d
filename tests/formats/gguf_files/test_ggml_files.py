"""The formats before GGUF."""

import struct

import pytest
from evals.ggml_models import HONEST
from evals.programs import elf

from formats.templates.scanning import Answer

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_clean(name):
    answer = Answer(HONEST[name])
    assert answer.verdict == "clean" and len(answer.formats) == 1


@pytest.mark.parametrize("name", HONEST)
def test_what_no_layout_accounts_for_is_a_gap(name):
    for data in (HONEST[name] + b"x", HONEST[name][:-1]):
        assert [gap.code for gap in Answer(data).gaps] == ["unsupported-ggml-layout"]


@pytest.mark.parametrize("name", HONEST)
def test_what_follows_the_tensors_is_examined(name):
    assert "hidden-executable" in Answer(HONEST[name] + elf()).rules
    assert Answer(HONEST[name] + TRAP).verdict == "malicious"


def test_a_vocabulary_alone_is_clean():
    whole = HONEST["ggjt-3"]
    assert Answer(whole[: whole.index(struct.pack("<3I", 2, 3, 0))]).verdict == "clean"


def test_text_that_begins_alike_stays_text():
    assert Answer(b"tjgg is a magic number").formats == ["text"]
