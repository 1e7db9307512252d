"""Fuzzes the reader of HDF5 files: ``python tests/fuzz/fuzz_hdf5.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.hdf5 import attribute, external_link, file_of

    config = b'{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda"}]}}'
    return [
        file_of(attribute("keras_version", b"2.9.0"), attribute("model_config", config)),
        file_of(external_link("layers", "/etc/passwd")),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("hdf5")


if __name__ == "__main__":
    start(seeds, target)
