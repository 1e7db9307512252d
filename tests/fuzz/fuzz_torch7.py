"""Fuzzes the reader of files of Torch7.

``python tests/fuzz/fuzz_torch7.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.torch7_objects import COMMAND, ORDINARY, model

    return [model(), model(True, COMMAND), model(False, ORDINARY, kind=6)]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("torch7")


if __name__ == "__main__":
    start(seeds, target)
