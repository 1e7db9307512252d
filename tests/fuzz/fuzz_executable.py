"""Fuzzes the reader of executables: ``python tests/fuzz/fuzz_executable.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    import struct

    elf = (
        b"\x7fELF\2\1\1"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    )
    pe = (
        b"MZ"
        + bytes(58)
        + struct.pack("<I", 64)
        + b"PE\0\0"
        + struct.pack("<HH", 0x8664, 1)
        + bytes(40)
    )
    return [
        elf + bytes(64),
        pe,
        b"\xcf\xfa\xed\xfe" + struct.pack("<7I", 0x1000007, 3, 2, 0, 0, 0, 0),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("executable")


if __name__ == "__main__":
    start(seeds, target)
