"""Fuzzes the reader of MNN.

``python tests/fuzz/fuzz_mobile.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.mobile_networks import EXTRA, PLAIN, mnn, operator

    return [PLAIN["mnn"], mnn(operator(EXTRA)), mnn(operator(path="/etc/passwd"))]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("mnn")


if __name__ == "__main__":
    start(seeds, target)
