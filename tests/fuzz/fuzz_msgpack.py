"""Fuzzes the reader of MessagePack: ``python tests/fuzz/fuzz_msgpack.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    return [
        b"\x82\xa1a\xc7\x04\x01abcd\xa1b\x93\x01\xc3\xcb" + bytes(8),
        b"\xde\x00\x01\xa3key\xdc\x00\x02\xc0\xd9\x02hi",
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("msgpack")


if __name__ == "__main__":
    start(seeds, target)
