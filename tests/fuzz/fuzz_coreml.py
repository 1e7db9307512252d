"""Fuzzes the reader of Core ML models.

``python tests/fuzz/fuzz_coreml.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.coreml_models import PLAIN, custom_layer, model, network

    return [*PLAIN.values(), model(500, network(custom_layer()))]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("coreml")


if __name__ == "__main__":
    start(seeds, target)
