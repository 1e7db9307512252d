"""Fuzzes the reader of ONNX models: ``python tests/fuzz/fuzz_onnx.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.protobufs import onnx_graph, onnx_model, onnx_node, onnx_tensor

    outside = onnx_tensor("w", location="../../etc/passwd")
    return [
        onnx_model(onnx_graph((onnx_node("Relu"),))),
        onnx_model(onnx_graph((onnx_node("PyOp", "ai.onnx.contrib"),), (outside,))),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("onnx")


if __name__ == "__main__":
    start(seeds, target)
