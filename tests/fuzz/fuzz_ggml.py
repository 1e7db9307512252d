"""Fuzzes the reader of older GGML models: ``python tests/fuzz/fuzz_ggml.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    import struct

    numbers = struct.pack("<8I", 1, 32, 512, 256, 4, 4, 64, 1)
    return [b"lmgg" + numbers[4:], b"tjgg" + numbers, b"fmgg" + numbers, b"algg" + numbers]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("ggml")


if __name__ == "__main__":
    start(seeds, target)
