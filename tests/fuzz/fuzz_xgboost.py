"""Fuzzes the reader of xgboost.

``python tests/fuzz/fuzz_xgboost.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Honest files."""
    from evals.tree_models import SAMPLES

    return [make() for name, make in SAMPLES.items() if name.startswith("xgboost")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("xgboost")


if __name__ == "__main__":
    start(seeds, target)
