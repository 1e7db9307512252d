"""Fuzzes the reader of the binary form of ncnn.

``python tests/fuzz/fuzz_ncnn_binary.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.mobile_networks import PLAIN, layer, ncnn

    return [PLAIN["ncnn-binary"], ncnn(layer(256)), ncnn(layer(5, 1, first=9))]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("ncnn-binary")


if __name__ == "__main__":
    start(seeds, target)
