"""Damaged and random bytes end in facts and nothing else; nothing random is taken for a model."""

from __future__ import annotations

from evals.protobufs import message, onnx_graph, onnx_model, onnx_node, onnx_tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.scanning import scan
from weighbridge.budget import Budget
from weighbridge.findings.model import Verdict
from weighbridge.formats.context import Context, Place
from weighbridge.formats.examine import walk
from weighbridge.formats.onnx import model
from weighbridge.sources.memory import BytesSource

BODY = onnx_graph(
    (onnx_node("PyOp", "ai.onnx.contrib"),), (onnx_tensor(), onnx_tensor(location="../x"))
)
BRANCH = onnx_node("If", "", message((1, "then_branch"), (6, BODY), (20, 5)))
FUNCTION = message((1, "f"), (7, BRANCH), (9, message((2, 17))), (10, "local"))
WHOLE = onnx_model(onnx_graph((BRANCH,)), (14, message((1, "a"), (2, "b"))), (25, FUNCTION))


@given(st.integers(0, len(WHOLE)))
def test_truncated(length: int) -> None:
    found = scan(WHOLE[:length])
    assert length <= 4 or found.verdict is not Verdict.CLEAN


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6))
def test_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for position, value in changes:
        data[position] = value
    scan(bytes(data))


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_random_bytes_are_no_model(data: bytes) -> None:
    context = Context(Budget(), walk)
    if model.claims(BytesSource(data), data):
        assert not model.parse(context, BytesSource(data), Place())
        assert context.facts == []
