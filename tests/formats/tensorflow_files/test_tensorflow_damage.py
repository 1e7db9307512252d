"""Damaged and random bytes end in facts and nothing else; other protobufs are not claimed."""

from __future__ import annotations

import contextlib

import pytest
from evals.protobufs import (
    message,
    onnx_graph,
    onnx_model,
    onnx_node,
    tf_const,
    tf_function,
    tf_graph,
    tf_meta_graph,
    tf_node,
    tf_saved_model,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.scanning import scan
from weighbridge.budget import Budget, Limits
from weighbridge.errors import ParseError
from weighbridge.facts.structure import Gap
from weighbridge.findings.model import Verdict
from weighbridge.formats.context import Context, Place
from weighbridge.formats.examine import examine, walk
from weighbridge.formats.tensorflow import checkpoint, model, text
from weighbridge.sources.local import FileSource
from weighbridge.sources.memory import BytesSource

INNER = tf_graph(tf_const("p", "/etc/passwd"), tf_node("r", "ReadFile", "p"))
CALL = tf_node("c", "PartitionedCall", "g", f=message((10, message((1, "f")))))
FUNCTION = tf_function(
    "f", ("a",), tf_node("j", "StringJoin", "a", "a"), tf_node("r", "ReadFile", "j")
)
GRAPH = tf_graph(
    tf_const("g", INNER, content=True),
    tf_node("d", "DatasetFromGraph", "g"),
    CALL,
    functions=(FUNCTION,),
)
OBJECTS = (
    7,
    message((1, message((9, message((1, "g"))))), (2, message((1, "f"), (2, message((2, b"\0")))))),
)
WHOLE = tf_saved_model(
    tf_meta_graph(GRAPH, OBJECTS, (6, message((1, message((1, "g:0"))), (2, "x"))))
)
TEXT = b'node { name: "r" op: "ReadFile" attr { key: "k" value { list { s: ["a", "\\x41"] } } } }'


@given(st.integers(0, len(WHOLE)))
def test_truncated(length: int) -> None:
    found = scan(WHOLE[:length])
    assert length <= 12 or found.verdict is not Verdict.CLEAN


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6))
def test_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for position, value in changes:
        data[position] = value
    scan(bytes(data))


@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(9, 126)), max_size=4))
def test_changed_text(changes: list[tuple[int, int]]) -> None:
    data = bytearray(TEXT)
    for position, value in changes:
        data[position] = value
    scan(bytes(data))


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_random_bytes_are_no_graph(data: bytes) -> None:
    for module in (model, checkpoint, text):
        context = Context(Budget(), walk)
        if module.claims(BytesSource(data), data):
            assert not module.parse(context, BytesSource(data), Place())
            assert context.facts == []


@given(st.binary(max_size=300))
def test_random_tables(data: bytes) -> None:
    source = BytesSource(data + bytes(40) + bytes.fromhex("57fb808b247547db"))
    with contextlib.suppress(ParseError):
        checkpoint.parse(Context(Budget(), walk), source, Place())


@pytest.mark.parametrize(
    "data",
    [
        onnx_model(onnx_graph((onnx_node("Relu"),))),
        message(
            (1, 5),
            (2, message((1, message((1, "image"), (3, message((4, b""))))))),
            (500, message((1, b"x"))),
        ),
        message((1, message((1, "<unk>"), (2, 0.5), (3, 2))), (1, message((1, "a"), (2, -1.5)))),
        message((1, message((1, "layer"), (2, "Data"))), (100, message((1, "x"), (2, "Python")))),
    ],
    ids=["onnx", "coreml", "sentencepiece", "caffe"],
)
def test_other_messages(data: bytes) -> None:
    context = Context(Budget(), walk)
    assert not model.parse(context, BytesSource(data), Place())


def test_many_values_stay_bounded() -> None:
    """Every join doubles what is possible; the evaluation stops."""
    nodes = [tf_const("j0", "a", "/etc/b")]
    nodes += [tf_node(f"j{n}", "StringJoin", f"j{n - 1}", f"j{n - 1}") for n in range(1, 60)]
    found = scan(tf_graph(*nodes, tf_node("r", "ReadFile", "j59")), Limits(seconds=5))
    assert found.gaps == []
    assert found.verdict in (Verdict.SUSPICIOUS, Verdict.MALICIOUS)


def test_time_is_a_gap() -> None:
    graph = tf_graph(*[tf_node(f"n{n}", "AddV2", "a", "b") for n in range(20_000)])
    assert scan(graph, Limits(seconds=-1)).gaps == ["limit-seconds"]


@pytest.mark.parametrize("content", [b"\x08", b"\x08\x0e", b"\x08\x08\x80\x80\x80\x80\x10"])
def test_a_file_shorter_than_a_footer_is_read(content, tmp_path):
    path = tmp_path / "fingerprint.pb"
    path.write_bytes(content)
    budget = Budget()
    with path.open("rb") as file:
        facts = examine(FileSource(file.fileno(), budget.counters), budget)
    assert "source-error" not in {fact.code for fact in facts if isinstance(fact, Gap)}
