"""Fuzzes the reader of caffe.

``python tests/fuzz/fuzz_caffe.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.program_graphs import SAMPLES, caffe

    return [SAMPLES["caffe"](), caffe("os", "system")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("caffe")


if __name__ == "__main__":
    start(seeds, target)
