"""The table files themselves: complete, sorted, free of contradictions."""

from importlib import resources

import pytest

from weighbridge.tables import callables, reader
from weighbridge.tables.decoders import decoder
from weighbridge.tables.effects import effect, effects

CALLABLE = ("module", "name")
TABLES = {
    "benign.tsv": (*CALLABLE, "use", "framework", "source", "reason"),
    "dangerous.tsv": (
        *CALLABLE, "effect", "severity", "judge", "origin", "source", "reason",
    ),
    "decoders.tsv": (*CALLABLE, "transform", "position", "source", "reason"),
    "effects.tsv": (
        "effect", "title", "phrase", "cwe", "atlas", "remediation", "source", "reason",
    ),
    "libraries.tsv": ("package", "kind", "source", "reason"),
    "operands.tsv": (*CALLABLE, "judge", "positions", "source", "reason"),
    "weights_only.tsv": (*CALLABLE, "source", "reason"),
}  # fmt: skip
HANDLERS = {
    "attribute-read", "attribute-write", "class-factory", "code-object", "codec", "constant-name",
    "described-method", "evaluated-text", "formula-state", "neighbour-file", "nested-bytes",
    "plain-state", "python-source", "rebuild-class", "rebuild-only", "reference-only",
    "wrapped-callable",
}  # fmt: skip
TRANSFORMS = {
    "ascii85", "base16", "base32", "base64", "base64url", "base85", "bz2", "codec", "gzip", "hex",
    "identity", "lzma", "text", "uu", "zlib",
}  # fmt: skip


def read(filename):
    """Read a table as dictionaries."""
    columns = TABLES[filename]
    return [dict(zip(columns, row, strict=True)) for row in reader.rows(filename, *columns)]


def names(filename, **wanted):
    """Collect the (module, name) pairs of the rows that have the wanted values."""
    return {
        (row["module"], row["name"])
        for row in read(filename)
        if all(row[column] == value for column, value in wanted.items())
    }


@pytest.mark.parametrize("filename", TABLES)
def test_every_row_has_a_source_and_a_reason(filename):
    for row in read(filename):
        assert row["source"].strip() and row["reason"].strip(), row


@pytest.mark.parametrize("filename", TABLES)
def test_rows_are_sorted_and_appear_once(filename):
    width = 2 if "module" in TABLES[filename] else 1
    keys = [row[:width] for row in reader.rows(filename, *TABLES[filename])]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("filename", TABLES)
def test_cells_have_no_stray_characters(filename):
    text = resources.files("weighbridge.tables").joinpath(filename).read_text(encoding="utf-8")
    assert "#" not in text and "\r" not in text and '"' not in text
    for row in reader.rows(filename, *TABLES[filename]):
        assert all(cell == cell.strip() for cell in row), row


def test_no_exact_name_is_both_dangerous_and_benign():
    exact = {key for key in names("dangerous.tsv") if key[1] != "*"}
    assert not exact & names("benign.tsv")


def test_fixed_vocabularies():
    for row in read("dangerous.tsv"):
        assert row["effect"] in effects(), row
        assert row["severity"] in {"critical", "high", "medium", "low"}, row
        assert row["judge"] in {"always", "operands"}, row
        assert row["origin"] in {"advisory", "documented", "flow-check", "module"}, row
        assert (row["origin"] == "module") == (row["name"] == "*"), row
    for row in read("benign.tsv"):
        assert row["use"] in {"any", "rebuild", "reference", "family"}, row
        assert (row["use"] == "family") == (row["name"] == "*"), row
        assert row["module"].endswith(".*") == (row["name"] == "*"), row
    assert {row["judge"] for row in read("operands.tsv")} == HANDLERS
    assert {row["transform"] for row in read("decoders.tsv")} == TRANSFORMS
    assert {row["kind"] for row in read("libraries.tsv")} == {"stdlib", "ml"}


def test_operand_rows_are_exactly_the_dangerous_ones_judged_by_operands():
    assert names("operands.tsv") == names("dangerous.tsv", judge="operands")
    assert all(row["name"] != "*" for row in read("operands.tsv"))


def test_operand_positions_are_numbers_or_a_star():
    positions = callables.operand_positions()
    assert positions[("_codecs", "encode")] == (1,)
    assert positions[("functools", "partial")] is None
    assert positions.keys() == names("operands.tsv")


def test_decoders_know_their_argument():
    for row in read("decoders.tsv"):
        found = decoder(row["module"], row["name"])
        assert found is not None and found.position >= 0
    assert decoder("base64", "b64encode") is None


def test_every_effect_completes_the_sentence():
    for name, row in effects().items():
        assert effect(name) == row
        assert row.title[0].isupper() and row.phrase[0].islower() and row.phrase[-1].isalpha()
        assert all(code.startswith("CWE-") for code in row.cwe)
        assert all(code.startswith("AML.T") for code in row.atlas)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("module\tname\nos\n", "t.tsv, line 2: 1 fields instead of 2"),
        ("module\tname\nos\tsystem\nos\t\n", "t.tsv, line 3: empty field"),
        ("module\nos\n", "t.tsv, line 1: header"),
    ],
)
def test_a_broken_row_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        reader.parse(text, ("module", "name"), "t.tsv")
