"""Fuzzes the reader of zip archives: ``python tests/fuzz/fuzz_zip.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, container_target, start


def seeds() -> list[bytes]:
    """Archives, honest and not."""
    from builders.archives import ZipEntry, build_zip, overlapping_zip

    return [
        build_zip(ZipEntry(b"a", b"text"), ZipEntry(b"b/c", b"packed" * 9, 8)),
        build_zip(ZipEntry(b"a", b"x"), prefix=b"#!/bin/sh\n", comment=b"c", suffix=b"end"),
        build_zip(ZipEntry(b"a", b"x", local={"name": b"b"}), ZipEntry(b"../up", b"y")),
        overlapping_zip(3, b"kernel"),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return container_target("zip")


if __name__ == "__main__":
    start(seeds, target)
