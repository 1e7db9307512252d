"""Fuzzes the reader of lightgbm.

``python tests/fuzz/fuzz_lightgbm.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Honest files."""
    from evals.tree_models import SAMPLES

    return [make() for name, make in SAMPLES.items() if name.startswith("lightgbm")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("lightgbm")


if __name__ == "__main__":
    start(seeds, target)
