"""Fuzzes what looks at MLIR: ``python tests/fuzz/fuzz_mlir.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Byte code and what jax exports, honest and not."""
    from evals import mlir_programs as programs

    return [programs.bytecode(), programs.exported(), programs.exported(programs.CALLBACK)]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("mlir")


if __name__ == "__main__":
    start(seeds, target)
