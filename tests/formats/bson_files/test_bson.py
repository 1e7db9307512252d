"""BSON: documents are data; what BSON.jl makes of tagged ones is judged by what they name."""

import importlib.util
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import bson_values as values
from formats.scanning import scan
from weighbridge.findings.model import Kind, Verdict

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
PLAIN = {"a": 1, "b": [1.5, "x", None, True], "c": {"d": b"xx"}, "tag": "struct-like"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.binary(max_size=20)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abctagnme", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


def test_documents_are_clean():
    answer = scan(values.document(PLAIN) * 3)
    assert (answer.format, answer.verdict) == ("bson", Verdict.CLEAN)


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=4), JSON, min_size=1, max_size=4))
def test_whatever_is_written_is_read_to_its_end(content):
    answer = scan(values.document(content))
    assert answer.format == "bson"
    assert answer.verdict in (Verdict.CLEAN, Verdict.WEAKNESS)


def test_a_model_of_vouched_types_is_clean():
    assert scan(values.model()).verdict is Verdict.CLEAN


@pytest.mark.parametrize("path", [("Mine", "Layer"), ("Main", "Layer"), ("Main", "Mine", "Layer")])
def test_a_foreign_type_is_a_weakness(path):
    answer = scan(values.model(own=values.instance(values.datatype(*path), 1)))
    (finding,) = answer.findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.WEAKNESS)


def test_a_function_is_a_weakness():
    code = values.function(values.global_reference("Base", "tanh"))
    assert scan(values.model(f=code)).verdict is Verdict.WEAKNESS


@pytest.mark.parametrize("module", ["Base", "Main", "Mine", "Flux"])
def test_a_function_that_starts_a_command_is_malicious(module):
    code = values.function(values.global_reference(module, "run"))
    answer = scan(values.model(f=code))
    assert (answer.verdict, "process_exec" in answer.effects) == (Verdict.MALICIOUS, True)


def test_a_function_by_reference_is_the_same():
    run = values.instance(values.datatype("Base", "#run"))
    assert scan(values.model(activation=run)).verdict is Verdict.MALICIOUS
    assert scan(values.model(f={"tag": "ref", "path": ["Main", "Base", "run"]})).verdict is (
        Verdict.MALICIOUS
    )


def test_keys_that_call_a_function_are_malicious():
    answer = scan(values.generator())
    assert (answer.verdict, answer.effects) == (
        Verdict.MALICIOUS,
        {"process_exec", "code_exec"},
    )


def test_what_is_called_through_a_reference_back_is_suspicious():
    back = {"tag": "backref", "ref": 4}
    call = values.instance(values.datatype("Core", "GlobalRef"), back, back)
    assert scan(values.model(f=values.function(call))).verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize("name", ["system", "dlopen", "jl_eval_string"])
def test_a_name_of_the_c_library_is_suspicious(name):
    code = values.function(
        values.instance(values.datatype("Core", "QuoteNode"), values.symbol(name))
    )
    assert scan(values.model(f=code)).verdict is Verdict.SUSPICIOUS


def test_lengths_that_lie_hide_nothing():
    """BSON.jl looks at no length of a document."""
    data = bytearray(values.model(f=values.function(values.global_reference("Base", "run"))))
    data[:4] = struct.pack("<i", 20)
    answer = scan(bytes(data))
    assert answer.verdict is Verdict.MALICIOUS
    assert "malformed-bson-length" in set(answer.gaps)


def test_javascript_is_a_weakness():
    element = b"\x0df\0" + values.text("function() {}")
    scoped = values.text("f()") + values.document({"x": 1})
    element += b"\x0fg\0" + struct.pack("<i", 4 + len(scoped)) + scoped
    data = struct.pack("<i", len(element) + 5) + element + b"\0"
    assert scan(data).verdict is Verdict.WEAKNESS


def test_serialised_julia_is_a_gap():
    answer = scan(values.document({"objects": {"x": b"7JL\x0b\x04\0\0\0" + bytes(20)}}))
    assert answer.verdict is Verdict.INCONCLUSIVE


def test_a_pickle_in_a_field_is_found():
    assert scan(values.document({"row": TRAP})).verdict is Verdict.MALICIOUS


def test_what_stands_behind_is_examined():
    assert scan(values.document(PLAIN) + TRAP).verdict is Verdict.MALICIOUS
    assert scan(values.document(PLAIN) + b"\x01\x02\x03\x04\x05").verdict is not Verdict.CLEAN


def test_no_truncation_is_clean():
    for whole in (values.model(), values.document(PLAIN)):
        for size in range(5, len(whole)):
            assert scan(whole[:size]).verdict is not Verdict.CLEAN, size


def test_deep_nesting_ends_in_a_gap():
    deep = b"".join(b"\xff\xff\0\0\x03a\0" for _ in range(5000)) + bytes(5000)
    answer = scan(struct.pack("<i", len(deep)) + deep[4:])
    assert answer.verdict is not Verdict.CLEAN


@pytest.mark.skipif(importlib.util.find_spec("bson") is None, reason="bson is not installed")
def test_the_builder_writes_what_the_library_reads():
    import bson

    assert bson.decode(values.document(PLAIN)) == PLAIN
