"""Fuzzes the reader of rknn.

``python tests/fuzz/fuzz_rknn.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.mobile_networks import rknn

    return [rknn(), rknn("cstSoftmax", behind=b"x")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("rknn")


if __name__ == "__main__":
    start(seeds, target)
