"""Fuzzes indexes of tokens: ``python tests/fuzz/fuzz_token_index.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """An index of each kind."""
    from formats.test_declared_numbers import fairseq, megatron

    return [megatron(), fairseq()]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("token-index")


if __name__ == "__main__":
    start(seeds, target)
