"""Fuzzes the reader of paddle.

``python tests/fuzz/fuzz_paddle.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.program_graphs import SAMPLES, paddle

    return [SAMPLES["paddle"](), paddle("os")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("paddle")


if __name__ == "__main__":
    start(seeds, target)
