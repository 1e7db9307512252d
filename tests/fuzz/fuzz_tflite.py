"""Fuzzes the reader of TFLite models: ``python tests/fuzz/fuzz_tflite.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.flat_tables import custom_code, operator, tflite

    return [tflite(), tflite(codes=[custom_code("FlexReadFile")], operators=[operator()])]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("tflite")


if __name__ == "__main__":
    start(seeds, target)
