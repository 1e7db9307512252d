"""Paddle, MXNet and Caffe: what a graph asks Python for, and which files it names."""

import json

import pytest
from evals.program_graphs import (
    BINARY,
    SAMPLES,
    caffe,
    caffe_text,
    mxnet,
    mxnet_weights,
    paddle,
    paddle_json,
)

from formats.scanning import scan
from weighbridge.budget import Budget
from weighbridge.facts.graphs import ExternalData
from weighbridge.findings.model import Kind, Verdict
from weighbridge.formats.examine import examine
from weighbridge.sources.memory import BytesSource

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


@pytest.mark.parametrize("name", SAMPLES)
def test_honest_files_are_clean(name):
    answer = scan(SAMPLES[name]())
    assert (answer.format, answer.verdict) == (name.split()[0], Verdict.CLEAN)


def test_operators_of_another_library_are_a_weakness():
    report = scan(paddle_json("3.my_relu"))
    assert (report.verdict, report.rules) == (Verdict.WEAKNESS, {"host-code"})


@pytest.mark.parametrize("data", [paddle("py_func"), paddle_json("1.py_func")])
def test_a_program_of_paddle_that_calls_python_is_suspicious(data):
    (finding,) = scan(data).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.SUSPICIOUS)


def test_a_program_of_paddle_that_reads_elsewhere_is_malicious():
    assert scan(paddle("load", file_path="/etc/passwd")).verdict is Verdict.MALICIOUS
    assert scan(paddle("load", file_path="weights/a")).verdict is Verdict.CLEAN
    assert scan(paddle("save_combine", file_path="out")).verdict is Verdict.SUSPICIOUS


def test_the_weights_of_paddle_stand_in_the_file_of_the_same_name():
    facts = examine(BytesSource(paddle()), Budget(), "inference.pdmodel")
    found = [fact.location for fact in facts if isinstance(fact, ExternalData)]
    assert found == ["inference.pdiparams"]


def test_a_custom_operator_of_mxnet_is_a_weakness():
    (finding,) = scan(mxnet("Custom", {"op_type": "mine"})).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.WEAKNESS)
    assert finding.evidence["symbols"] == ["Custom(mine)"]


@pytest.mark.parametrize("data", [mxnet(head=9), mxnet(source=5), mxnet(source=-1)])
def test_numbers_that_point_at_no_node_are_suspicious(data):
    assert scan(data).rules == {"graph-structure"}


@pytest.mark.parametrize("write", [caffe, caffe_text])
def test_a_python_layer_of_caffe_is_judged_by_what_it_names(write):
    assert scan(write("my_layers", "Loss")).verdict is Verdict.WEAKNESS
    (finding,) = scan(write("os", "system")).findings
    assert (finding.rule, finding.kind) == ("named-callable", Kind.MALICIOUS)
    assert finding.loaders == ("caffe.Net",)


@pytest.mark.parametrize("name", BINARY)
def test_no_truncation_is_clean(name):
    data = SAMPLES[name]()
    for size in range(24, len(data)):
        if name == "paddle-parameters" and 32 <= size <= 48:
            continue  # The first tensor ends there, and the second begins with zeros.
        if name == "paddle" and size >= len(data) - 6:
            continue  # The version stands at the end, and is not needed.
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


@pytest.mark.parametrize("name", BINARY)
def test_what_follows_a_file_is_examined(name):
    assert scan(SAMPLES[name]() + TRAP).verdict is Verdict.MALICIOUS


def test_a_length_that_lies_is_no_end():
    data = mxnet_weights((1.0, 2.0)).replace(b"\x02\0\0\0\0\0\0\0", b"\xff\xff\xff\xff\xff\0\0\0")
    assert scan(data).verdict is not Verdict.CLEAN


@pytest.mark.parametrize(
    "value",
    [
        {"nodes": [{"id": 1}], "arg_nodes": [], "heads": []},
        {"nodes": [], "arg_nodes": [], "heads": []},
        {"base_code": {"magic": "x"}, "program": {}},
        {"nodes": {"op": "null"}},
    ],
)
def test_other_json_stays_json(value):
    assert scan(json.dumps(value).encode()).format == "json"


def test_a_text_about_a_network_is_a_text():
    text = "A Python layer is written like this, and Caffe imports it.\n\n" * 6
    text += caffe_text("os", "system").decode() + "\nThat is all there is to say of it.\n" * 6
    assert (scan(text.encode()).format, scan(text.encode()).verdict) == ("text", Verdict.CLEAN)


@pytest.mark.parametrize("text", [b"layer {\n  color: red\n}\n", b'type: "Python"\nlayer: 3\n'])
def test_other_texts_stay_texts(text):
    assert scan(text).format == "text"
