"""Fuzzes the reader of TensorFlow graphs in text form.

``python tests/fuzz/fuzz_tensorflow_text.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    return [
        b'node { name: "read" op: "ReadFile" input: "path" attr { key: "T" value { type: 7 } } }',
        b'saved_model_schema_version: 1 meta_graphs { graph_def { node { op: "Const" } } }',
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("tensorflow-text")


if __name__ == "__main__":
    start(seeds, target)
