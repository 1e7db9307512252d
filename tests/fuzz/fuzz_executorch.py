"""Fuzzes the reader of ExecuTorch programs.

``python tests/fuzz/fuzz_executorch.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.flat_tables import Flat, Numbers, Scalar, flatbuffer

    root = Flat({0: Scalar(0), 4: [Flat({0: Scalar(0, 8), 1: Scalar(64, 8)})], 5: Numbers((0, 0))})
    return [flatbuffer(root, b"ET12"), flatbuffer(root, b"FT01"), flatbuffer(root, b"FH01")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("executorch")


if __name__ == "__main__":
    start(seeds, target)
