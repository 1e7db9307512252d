"""Networks of ncnn as text (Tencent/ncnn, wiki, param and model file structure).

``7767517``, the numbers of layers and of blobs, then a line for each layer: type, name, how many
inputs and outputs, their names, and settings. The weights stand in the file of the same name that
ends in ``.bin`` and have no structure of their own.
"""

from __future__ import annotations

import re

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place

NAME = "ncnn"
_START = re.compile(r"7767517\s*\n\s*(\d{1,7})\s+(\d{1,7})\s*\n")
_LAYER = re.compile(r"\s*[A-Za-z_][\w.]*\s+\S+\s+\d+\s+\d+(?:\s|\Z)")


def note_network(context: Context, text: str, place: Place) -> bool:
    """State where the weights stand, and say whether the text is a network."""
    start = _START.match(text)
    if start is None:
        return False
    lines = [line for line in text[start.end() :].splitlines() if line.strip()]
    if not lines or not all(_LAYER.match(line) for line in lines):
        return False
    if len(lines) != int(start[1]):
        problem = f"{start[1]} layers are announced, {len(lines)} are there"
        context.anomaly(place, NAME, "ncnn-count", problem)
    stem, dot, _ending = context.file_name(place).rpartition(".")
    if dot:
        context.add(ExternalData(place.member, 0, NAME, "weights", f"{stem}.bin", 1, 0, 0, ()))
    return True
