"""Fuzzes the reader of Keras configurations.

``python tests/fuzz/fuzz_keras_json.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    return [
        b'{"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": '
        b'{"code": "4wAAAA==", "defaults": null}}}, "registered_name": null, "module": "os"}',
        b'{"backend": "tensorflow", "config": {"layers": [{"class_name": "Dense"}]}}',
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("keras-config")


if __name__ == "__main__":
    start(seeds, target)
