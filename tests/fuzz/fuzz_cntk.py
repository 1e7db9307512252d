"""Fuzzes the reader of cntk.

``python tests/fuzz/fuzz_cntk.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.cntk_models import cntk, in_python, native, of_two_gigabytes

    return [
        cntk(in_python("os import getcwd; f() #", "x"), native("x.so", "make")),
        of_two_gigabytes(cntk(in_python("os", "system"))),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("cntk")


if __name__ == "__main__":
    start(seeds, target)
