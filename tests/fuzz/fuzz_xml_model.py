"""Fuzzes the reader of models in XML.

``python tests/fuzz/fuzz_xml_model.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.xml_models import EXTERNAL, NESTED, openvino, pmml

    return [openvino(), pmml("a.B"), openvino(before=EXTERNAL), pmml(before=NESTED)]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("xml-model")


if __name__ == "__main__":
    start(seeds, target)
