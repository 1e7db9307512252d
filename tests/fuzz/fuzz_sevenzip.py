"""Fuzzes the reader of 7z archives: ``python tests/fuzz/fuzz_sevenzip.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, container_target, start


def seeds() -> list[bytes]:
    """Archives, honest and not."""
    from builders.archives import packed_sevenzip, simple_sevenzip

    return [simple_sevenzip(b"text"), packed_sevenzip(b"text" * 50), simple_sevenzip(b"", "é")]


def target() -> OneInput:
    """Return the function of one input."""
    return container_target("7z")


if __name__ == "__main__":
    start(seeds, target)
