"""Whatever a hub answers, it ends in plain data or in an error that says so."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.errors import TargetError
from weighbridge.sources import huggingface_facts, kaggle_facts
from weighbridge.sources.hubs import flaw_of, parsed
from weighbridge.sources.kaggle_address import KaggleAddress

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "author downloads likes gated cardData base_model license tags status "
                "base_model_relation "
                "avScan pickleImports module name safety message owner slug voteCount".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
OBJECT = st.dictionaries(st.sampled_from(["cardData", "tags", "license", "owner"]), JSON)
TARGET = KaggleAddress("o", "m", "onnx", "v")


@given(OBJECT)
def test_descriptions_are_bounded_plain_data(answer: dict[str, object]) -> None:
    for about in (
        huggingface_facts.about(answer),
        kaggle_facts.about(answer, answer, answer, TARGET),
    ):
        assert len(json.dumps(about)) < 20_000


@given(JSON)
def test_scanners_are_names_with_a_status(answer: object) -> None:
    for result in huggingface_facts.scanner_results(answer):
        assert result.scanner is not None
        assert result.status


@given(st.text(max_size=20))
def test_usable_names_stay_below_the_model(path: str) -> None:
    if flaw_of(path) is None:
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert "\0" not in path


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(TargetError):
        parsed(body, False, "hf://org/name")


def test_what_is_too_long() -> None:
    with pytest.raises(TargetError, match="too long"):
        parsed(b"{}", True, "hf://org/name")
