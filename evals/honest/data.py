"""Data that lies beside models: pictures, sounds, scans, shapes, tables and training sets."""

from __future__ import annotations

from collections.abc import Iterator

from evals import mlir_programs
from evals.data_files import FURTHER
from evals.parameter_files import PARAMETERS
from evals.samples import Honest

NEEDS: tuple[str, ...] = ()


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    for name, make in {**FURTHER, **PARAMETERS}.items():
        yield Honest(f"data-{name.replace(' ', '-')}", "data beside models", make())
    for generic in (False, True):
        content = mlir_programs.program(generic=generic)
        yield Honest(f"mlir-text-{generic}", "StableHLO", content, file="module.mlir")
