"""The tables about Keras: sorted, complete, and in step with the other tables."""

from __future__ import annotations

import pytest

from weighbridge.findings.model import Kind, Severity
from weighbridge.rules.registry import RULES
from weighbridge.tables.anomalies import meanings
from weighbridge.tables.callables import dangerous
from weighbridge.tables.effects import effects
from weighbridge.tables.keras import KerasApi, KerasField, is_keras_name, keras_api, keras_field
from weighbridge.tables.reader import rows

COLUMNS = {
    "keras_api.tsv": tuple(KerasApi.__slots__),
    "keras_fields.tsv": tuple(KerasField.__slots__),
    "keras_names.tsv": ("name", "source", "reason"),
}


@pytest.mark.parametrize("filename", COLUMNS)
def test_rows_are_sorted_and_appear_once(filename):
    width = 1 if filename == "keras_names.tsv" else 2
    keys = [row[:width] for row in rows(filename, *COLUMNS[filename])]
    assert keys == sorted(set(keys))


def test_fixed_vocabularies():
    for row in rows("keras_api.tsv", *COLUMNS["keras_api.tsv"]):
        api = KerasApi(*row)
        assert api.kind == "clean" or (Kind(api.kind) and api.effect in effects()), row
        assert Severity(api.severity), row
    for row in rows("keras_fields.tsv", *COLUMNS["keras_fields.tsv"]):
        found = KerasField(*row)
        assert Kind(found.outside) and found.effect in effects(), row


def test_no_row_repeats_the_table_of_callables():
    for module, name, *_rest in rows("keras_api.tsv", *COLUMNS["keras_api.tsv"]):
        row = dangerous(module, name)
        assert row is None or (row.module, row.name) != (module, name), (module, name)


def test_look_ups():
    assert keras_api("keras.layers", "deserialize").kind == "malicious"
    assert keras_api("keras.layers", "add").kind == "clean"
    assert keras_api("keras.applications.resnet50", "preprocess_input").kind == "clean"
    assert keras_api("keras.applications.resnet50", "ResNet50").kind == "suspicious"
    assert keras_api("keras.utils", "nothing") is None
    assert keras_field("StringLookup", "vocabulary").source == "CVE-2025-12058"
    assert keras_field("Dense", "units") is None
    assert is_keras_name("Dense") and not is_keras_name("ExportArchive")


def test_every_anomaly_of_these_formats_has_its_rule():
    known = {rule.id for rule in RULES}
    for code, meaning in meanings().items():
        if code.startswith(("keras-", "hdf5-")):
            assert meaning.rule in known, code
