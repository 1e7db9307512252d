"""Fuzzes the reader of BSON: ``python tests/fuzz/fuzz_bson.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Documents, and models of BSON.jl, honest and not."""
    from evals import bson_values as values

    code = values.function(values.global_reference("Base", "run"))
    plain = values.document({"a": [1, "x", None], "b": {"c": b"xx"}})
    return [values.model(), plain * 2, values.model(f=code), values.generator()]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("bson")


if __name__ == "__main__":
    start(seeds, target)
