"""Fuzzes the readers of inert data: ``python tests/fuzz/fuzz_data.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """A file of each format."""
    from formats.data_files.data_samples import MADE

    return [make() for make in MADE.values()]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.formats.data.registry import recognise
    from weighbridge.sources.memory import BytesSource

    limits = Limits(seconds=10)

    def one_input(data: bytes) -> None:
        extent = recognise(BytesSource(data), data[:512], Budget(limits))
        assert extent is None or extent.end >= 0

    return one_input


if __name__ == "__main__":
    start(seeds, target)
