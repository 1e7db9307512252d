"""Networks of ncnn as text (Tencent/ncnn, wiki, param and model file structure).

``7767517``, the numbers of layers and of blobs, then a line for each layer: type, name, how many
inputs and outputs, their names, and settings. The weights stand in the file of the same name that
ends in ``.bin`` and have no structure of their own. The reader makes room for as many blobs as are
announced, and takes the next place for each name that it has not seen. Files of pnnx, which
converts networks of PyTorch, look alike: types such as ``nn.Conv2d``, and weights in a zip.
"""

from __future__ import annotations

import re

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally

NAME = "ncnn"
_START = re.compile(r"7767517\s*\n\s*(\d{1,7})\s+(\d{1,7})\s*\n")
_LAYER = re.compile(r"\s*([A-Za-z_][\w.:]*)\s+\S+\s+(\d{1,7})\s+(\d{1,7})(?:\s|\Z)")
_SETTING = re.compile(r"-?\d+=")
_BELOW_NOUGHT = re.compile(r"(?:^|\s)-(\d{1,9})=")
_ARRAY = 23300
"""From this on a number below nought stands for an array."""
_CONVERTER = re.compile(r"[.:]")


def note_network(context: Context, text: str, place: Place) -> bool:
    """State where the weights stand, and say whether the text is a network."""
    start = _START.match(text)
    if start is None:
        return False
    lines = [line for line in text[start.end() :].splitlines() if line.strip()]
    layers = [found for found in map(_LAYER.match, lines) if found is not None]
    if not lines or len(layers) != len(lines):
        return False
    if len(lines) != int(start[1]):
        problem = f"{start[1]} layers are announced, {len(lines)} are there"
        context.anomaly(place, NAME, "ncnn-count", problem)
    _note_layers(context, layers, int(start[2]), place)
    stem, dot, _ending = context.file_name(place).rpartition(".")
    if dot:
        context.add(ExternalData(place.member, 0, NAME, "weights", f"{stem}.bin", 1, 0, 0, ()))
    return True


def _note_layers(context: Context, layers: list[re.Match[str]], room: int, place: Place) -> None:
    """State the types of the layers, and more blobs than there is room for."""
    tally = OperatorTally(NAME)
    blobs: set[str] = set()
    used = 0
    for layer in layers:
        tally.note(layer[1], domain="pnnx" if _CONVERTER.search(layer[1]) else "")
        inputs, outputs = int(layer[2]), int(layer[3])
        words = layer.string[layer.end() :].split(None, inputs + outputs)[: inputs + outputs]
        # A setting that is taken for a name: the layer announces more names than it has.
        if len(words) < inputs + outputs or any(map(_SETTING.match, words)):
            text = f"a layer announces {inputs + outputs} blobs and names fewer"
            context.anomaly(place, NAME, "ncnn-index", text)
            break
        if any(int(found[1]) < _ARRAY for found in _BELOW_NOUGHT.finditer(layer.string)):
            text = f"a setting of the layer {layer[1]} has a number below nought"
            context.anomaly(place, NAME, "ncnn-setting", text)
        used += len({*words[:inputs]} - blobs) + outputs
        blobs.update(words)
    if used > room:
        text = f"there is room for {room} blobs, {used} are used"
        context.anomaly(place, NAME, "ncnn-index", text)
    tally.state(context, place)
