"""Fuzzes the reader of safetensors.

``python tests/fuzz/fuzz_safetensors.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    header = b'{"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [1], '
    header += b'"data_offsets": [0, 4]}}'
    return [len(header).to_bytes(8, "little") + header + bytes(4)]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("safetensors")


if __name__ == "__main__":
    start(seeds, target)
