"""Fuzzes the reader of espeak.

``python tests/fuzz/fuzz_espeak.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    table = bytes((2, 0, 0, 0)) + b"base".ljust(32, b"\0") + bytes(32)
    return [b"\1\0\0\0" + table, b"\2\0\0\0" + table + table]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("espeak-phonemes")


if __name__ == "__main__":
    start(seeds, target)
