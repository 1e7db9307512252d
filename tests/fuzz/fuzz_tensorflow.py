"""Fuzzes the reader of TensorFlow graphs.

``python tests/fuzz/fuzz_tensorflow.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.protobufs import (
        tf_const,
        tf_function,
        tf_graph,
        tf_meta_graph,
        tf_node,
        tf_saved_model,
    )

    nodes = (tf_const("path", "/etc/passwd"), tf_node("read", "ReadFile", "path"))
    return [
        tf_graph(*nodes),
        tf_saved_model(tf_meta_graph(tf_graph(functions=(tf_function("f", (), *nodes),)))),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("tensorflow-graph")


if __name__ == "__main__":
    start(seeds, target)
