"""What names of models are taken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.errors import TargetError
from weighbridge.sources import huggingface_address, kaggle_address
from weighbridge.sources.huggingface_address import HuggingFaceAddress
from weighbridge.sources.kaggle_address import KaggleAddress

HUB = "https://huggingface.co"


@pytest.mark.parametrize(
    ("text", "kind", "name", "revision"),
    [
        ("hf://org/name", "models", "org/name", None),
        ("hf://gpt2", "models", "gpt2", None),
        ("hf://models/org/name@v1.0", "models", "org/name", "v1.0"),
        ("hf://datasets/org/name@refs/convert/parquet", "datasets", "org/name",
         "refs/convert/parquet"),
        ("hf://org/name@refs/pr/1", "models", "org/name", "refs/pr/1"),
        (f"{HUB}/org/name", "models", "org/name", None),
        (f"{HUB}/gpt2", "models", "gpt2", None),
        (f"{HUB}/gpt2/tree/main", "models", "gpt2", "main"),
        (f"{HUB}/org/name/tree/refs%2Fpr%2F1", "models", "org/name", "refs/pr/1"),
        (f"{HUB}/org/name/tree/refs/pr/1", "models", "org/name", "refs/pr/1"),
        (f"{HUB}/org/name/blob/main/config.json", "models", "org/name", "main"),
        (f"{HUB}/datasets/org/name/tree/main/sub", "datasets", "org/name", "main"),
        ("https://hf.co/org/name?x=1#y", "models", "org/name", None),
    ],
)  # fmt: skip
def test_hugging_face(text: str, kind: str, name: str, revision: str | None) -> None:
    assert huggingface_address.parse(text, HUB) == HuggingFaceAddress(kind, name, revision)


def test_addresses_of_others_are_not_taken() -> None:
    for text in (
        "https://example.org/org/name",
        "kaggle://a/b/c/d",
        "https://huggingface.co.evil/x",
    ):
        assert huggingface_address.parse(text, HUB) is None
    for text in ("https://example.org/models/a/b/onnx/d", "hf://a/b"):
        assert kaggle_address.parse(text) is None


def test_kaggle() -> None:
    known = KaggleAddress("google", "gemma", "gemmaCpp", "2b-it", 3)
    assert kaggle_address.parse("kaggle://google/gemma/gemmaCpp/2b-it/3") == known
    assert known.framework_on_the_wire == "MODEL_FRAMEWORK_GEMMA_CPP"
    assert known.name == "google/gemma/gemmaCpp/2b-it"


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    for prefix in (
        "",
        "http://",
        "https://[",
        "hf://",
        "kaggle://",
        f"{HUB}/",
        "https://www.kaggle.com/models/",
    ):
        for parse in (lambda one: huggingface_address.parse(one, HUB), kaggle_address.parse):
            try:
                found = parse(prefix + text)
            except TargetError:
                continue
            if found is not None:
                assert ".." not in found.name
                assert found.name.isascii()
