"""The formats before GGUF."""

import pytest
from evals.ggml_models import HONEST

from formats.templates.scanning import Answer


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_clean(name):
    answer = Answer(HONEST[name])
    assert answer.verdict == "clean" and len(answer.formats) == 1


@pytest.mark.parametrize("name", HONEST)
def test_what_no_layout_accounts_for_is_a_gap(name):
    for data in (HONEST[name] + b"x", HONEST[name][:-1]):
        assert [gap.code for gap in Answer(data).gaps] == ["unsupported-ggml-layout"]


def test_text_that_begins_alike_stays_text():
    assert Answer(b"tjgg is a magic number").formats == ["text"]
