"""Fuzzes the reader of checkpoint indices.

``python tests/fuzz/fuzz_checkpoint.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """A table of one block, and a fingerprint."""
    entry = bytes([0, 0, 2, 8, 1, 0, 1, 4]) + b"w" + bytes([0x28, 4, 0x20, 0])
    block = entry + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    first = bytes([0, len(block)])
    index = bytes([0, 1, 2]) + b"z" + first + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    table = block + bytes(5) + index + bytes(5)
    handles = bytes([0, 0, len(block) + 5, len(index)])
    footer = handles.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")
    return [table + footer, b"\x08\x01\x10\x02\x18\x03\x20\x04\x32\x02ok"]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("tensorflow-checkpoint-index")


if __name__ == "__main__":
    start(seeds, target)
