"""The tables about Jinja: sorted, complete, and true of Jinja itself."""

import pytest

from weighbridge.tables import jinja, reader
from weighbridge.tables.effects import effects

TABLES = {
    "jinja_names.tsv": (jinja.JinjaName.__slots__, 2),
    "template_phrases.tsv": (jinja.Phrase.__slots__, 1),
    "template_sentences.tsv": (jinja.Sentence.__slots__, 1),
}
ROLES = {"attribute", "filter", "global", "method", "name", "test"}


@pytest.mark.parametrize("filename", TABLES)
def test_rows_are_sorted_and_appear_once(filename):
    columns, width = TABLES[filename]
    keys = [row[:width] for row in reader.rows(filename, *columns)]
    assert keys == sorted(set(keys))


def test_fixed_vocabularies():
    for row in reader.rows("jinja_names.tsv", *jinja.JinjaName.__slots__):
        assert row[0] in ROLES and (row[2] in ("none", "odd") or row[2] in effects()), row


def test_phrases_can_be_found():
    assert all(row.phrase == " ".join(row.phrase.lower().split()) for row in jinja.phrases())


def test_every_filter_and_test_of_jinja_is_listed():
    from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS

    assert all(jinja.jinja_name("filter", name) for name in DEFAULT_FILTERS)
    assert all(jinja.jinja_name("test", name) for name in DEFAULT_TESTS)


def test_look_up():
    row = jinja.jinja_name("method", "popen")
    assert row is not None and row.effect == "process_exec"
    assert jinja.jinja_name("method", "frobnicate") is None
