"""The tables about libraries: complete, sorted, and in words that the code knows."""

from __future__ import annotations

import re

import pytest

from weighbridge.formats.json_models import READERS
from weighbridge.formats.registry import FORMATS
from weighbridge.libraries.impacts import IMPACTS
from weighbridge.tables import distributions, model_loaders, vector_formats
from weighbridge.tables.reader import rows

TABLES = {
    "cwe_impacts.tsv": ("cwe", "impact", "source", "reason"),
    "distributions.tsv": ("module", "distribution", "source", "reason"),
    "format_libraries.tsv": ("format", "distribution", "source", "reason"),
    "model_loaders.tsv": ("call", "position", "keyword", "provider", "source", "reason"),
    "vector_formats.tsv": ("word", "formats", "pattern", "source", "reason"),
    "writers.tsv": ("format", "key", "distribution", "source", "reason"),
}
# Names of formats that parsers give beside those of the registry.
FURTHER = frozenset(
    "jinja-template keras keras-h5 mlmodel notebook npz openvino paddle-parameters pt2 "
    "pytorch-distributed pytorch-tar pytorch-zip skops spacy-config torch-package torchscript "
    "torchserve".split()
)
CANONICAL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_sorted_and_appear_once(name: str) -> None:
    width = 2 if name == "writers.tsv" else 1
    keys = [row[:width] for row in rows(name, *TABLES[name])]
    numbers = [int(key[0]) for key in keys] if name == "cwe_impacts.tsv" else None
    assert (numbers or keys) == sorted(numbers or keys)
    assert len(set(keys)) == len(keys)


def test_impacts_are_known() -> None:
    assert {row[1] for row in rows("cwe_impacts.tsv", *TABLES["cwe_impacts.tsv"])} <= set(IMPACTS)


def test_formats_are_known() -> None:
    known = {entry.name for entry in FORMATS} | {name for name, _, _ in READERS} | FURTHER
    named = {one for formats in vector_formats.formats_of_word().values() for one in formats}
    assert named <= known
    assert set(distributions.opener()) <= known


def test_packages_are_written_as_pypi_compares_them() -> None:
    for name in ("distributions.tsv", "format_libraries.tsv"):
        assert all(CANONICAL.fullmatch(row[1]) for row in rows(name, *TABLES[name]))
    assert all(CANONICAL.fullmatch(name) for name in distributions.writers().values())


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("sklearn.linear_model._logistic", "scikit-learn"),
        ("torch._utils", "torch"),
        ("PIL.Image", "pillow"),
        ("os.path", None),
        ("somebody_else.module", None),
    ],
)
def test_which_package_brings_a_module(module: str, package: str | None) -> None:
    assert distributions.distribution(module) == package


def test_loaders_are_found_by_name_or_by_method() -> None:
    assert model_loaders.model_loader("transformers.pipeline", "pipeline") is not None
    assert model_loaders.model_loader("", "from_pretrained") is not None
    assert model_loaders.model_loader("mine.pipeline", "pipeline") is None
