"""Fuzzes the reader of MindSpore's graphs.

``python tests/fuzz/fuzz_mindir.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Graphs, honest and not."""
    from evals.mindspore_models import custom, executing, plain

    return [plain(), plain("net_variables/data_0"), executing("1"), custom("aot", func_name="a:b")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("mindir")


if __name__ == "__main__":
    start(seeds, target)
