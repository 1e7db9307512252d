"""Whether a file of the scan carries the attack on a library."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from libraries.osv_records import record
from weighbridge.findings.libraries import Library
from weighbridge.libraries.applying import matched
from weighbridge.libraries.store import Store

Make = Callable[..., Store]


def known(store_of: Make, package: str, word: str) -> Store:
    return store_of(record(package=package, database_specific={"model_format": word}))


def library(name: str, relation: str, version: str | None = "1.0") -> Library:
    return Library(name, version, "PyPI", relation, "")


@pytest.mark.parametrize("relation", ["declared", "installed"])
def test_a_keras_archive_reaches_the_keras_that_opens_it(store_of: Make, relation: str) -> None:
    store = known(store_of, "keras", "keras")
    (found,) = matched([library("keras", relation)], store, [("m.keras", "keras")])
    assert found.vulnerabilities[0].carried_by == ("m.keras",)
    (found,) = matched([library("keras", relation)], store, [("m.onnx", "onnx")])
    assert found.vulnerabilities[0].carried_by == ()


def test_the_version_that_saved_a_file_is_reached_by_nothing(store_of: Make) -> None:
    store = known(store_of, "keras", "keras")
    (found,) = matched([library("keras", "saved-with")], store, [("m.keras", "keras")])
    assert [one.carried_by for one in found.vulnerabilities] == [()]


def test_a_pickle_reaches_only_libraries_that_it_is_of(store_of: Make) -> None:
    store = known(store_of, "demo", "pickle")
    files = [("m.pkl", "pickle")]
    declared, needed = library("demo", "declared"), library("demo", "needs", None)
    (alone,) = matched([declared], store, files)
    assert alone.vulnerabilities[0].carried_by == ()
    first, _second = matched([declared, needed], store, files)
    assert first.vulnerabilities[0].carried_by == ("m.pkl",)


def test_without_a_version_nothing_is_said(store_of: Make) -> None:
    store = known(store_of, "keras", "keras")
    (found,) = matched([library("keras", "declared", None)], store, [("m.keras", "keras")])
    assert found.vulnerabilities == ()
