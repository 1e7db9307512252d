"""The table of operators that the program around a model brings."""

from weighbridge.tables import reader
from weighbridge.tables.effects import effect
from weighbridge.tables.host_code import HostCode, host_code

ROWS = [HostCode(*row) for row in reader.rows("host_code.tsv", *HostCode.__slots__)]


def test_rows_are_sorted_and_appear_once():
    keys = [(row.format, row.domain, row.name) for row in ROWS]
    assert keys == sorted(set(keys))


def test_every_row_completes_the_sentence_or_is_ordinary():
    for row in ROWS:
        assert row.kind in ("ordinary", "weakness", "suspicious", "malicious"), row
        assert (row.phrase == "-") == (row.kind == "ordinary"), row
        assert row.source and row.reason
        assert row.effect == "-" or effect(row.effect) is not None


def test_the_most_exact_row_counts():
    assert host_code("openvino", "opset1", "Add") is None
    assert host_code("openvino", "", "Add") is None
    found = host_code("openvino", "mine", "Add")
    assert found is not None and found.kind == "weakness"
    assert host_code("another", "mine", "Add") is None
