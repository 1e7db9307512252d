"""Fuzzes the reader of objects that R saved.

``python tests/fuzz/fuzz_r_data.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.r_objects import call, closure, environment, promise, rds, strings

    command = call("system", strings("echo"))
    return [rds(environment(promise(command))), rds(closure(command), "A"), rds(strings("a"), "B")]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("r-data")


if __name__ == "__main__":
    start(seeds, target)
