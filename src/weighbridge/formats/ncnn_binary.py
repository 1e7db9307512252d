"""Networks of ncnn as numbers (Tencent/ncnn, net.cpp, Net::load_param_bin).

Words of four bytes: 7767517, the numbers of layers and of blobs, and for each layer its type, how
many inputs and outputs, their numbers, and settings: each an id and a value, or, where the id is
-23300 or less, a count and that many. -233 ends them. The reader takes the numbers of blobs and of
settings for places in its memory. Bit 8 of a type says that the application registered the layer.
"""

from __future__ import annotations

from weighbridge.errors import MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.sources.base import Source

NAME = "ncnn-binary"
_MAGIC, _END, _ARRAY = 7767517, -233, -23300
_MOST_LAYERS = 1_000_000
_MOST_BLOBS = 100 * _MOST_LAYERS
_LONGEST_LAYER = 64 << 10
_REGISTERED = 1 << 8
_CHECK_EVERY = 4_096
_SHOWN = 20


def claims(_source: Source, head: bytes) -> bool:
    """Say whether it begins with the magic number and counts that could be."""
    counts = 0 < _word(head, 4) <= _MOST_LAYERS and 0 < _word(head, 8) <= _MOST_BLOBS
    return len(head) >= 12 and _word(head, 0) == _MAGIC and counts


def parse(context: Context, source: Source, place: Place) -> bool:
    """Follow the layers to the end of the last.

    Raises:
        MalformedInput: a layer breaks off, or is longer than any.
    """
    head = source.read_at(0, 12)
    layers, blobs = _word(head, 4), _word(head, 8)
    context.format(place, NAME, source.size, layers=layers)
    tally = OperatorTally(NAME)
    at, problems = 12, 0
    for index in range(layers):
        if not index % _CHECK_EVERY:
            context.budget.check_time()
        layer = source.read_at(at, _LONGEST_LAYER)
        size, impossible = _walk(layer, at)
        kind = _word(layer, 0)
        if kind & _REGISTERED:
            tally.note(str(kind & ~_REGISTERED), at, "custom")
        foreign = _foreign_blob(layer, blobs)
        if foreign is not None and problems < _SHOWN:
            problems += 1
            text = f"layer {index} uses blob {foreign} of {blobs}"
            context.anomaly(place, NAME, "ncnn-index", text, at)
        if impossible and problems < _SHOWN:
            problems += 1
            text = f"layer {index} has a setting of the number {impossible}"
            context.anomaly(place, NAME, "ncnn-setting", text, at)
        at += size
    tally.state(context, place)
    if at < source.size:
        trailing(context, source, place, NAME, at)
    return True


def _foreign_blob(layer: bytes, blobs: int) -> int | None:
    """Return the first number of a layer's blobs that stands for none."""
    count = _word(layer, 4) + _word(layer, 8)
    numbers = (_word(layer, at) for at in range(12, 12 + 4 * count, 4))
    return next((number for number in numbers if not 0 <= number < blobs), None)


def _walk(layer: bytes, start: int) -> tuple[int, int]:
    """Return the length of a layer, and the number of a setting below nought, or 0."""
    inputs, outputs = _word(layer, 4), _word(layer, 8)
    at = 12 + 4 * (inputs + outputs)
    most, impossible = _LONGEST_LAYER // 4, 0
    while 0 <= inputs <= most and 0 <= outputs <= most and at + 4 <= len(layer):
        setting = _word(layer, at)
        at += 4
        if setting == _END:
            return at, impossible
        count = 1
        if _ARRAY < setting < 0:
            impossible = setting
        if setting <= _ARRAY:
            count = _word(layer, at)
            at += 4
        if not 0 <= count <= most:
            break
        at += 4 * count
    raise MalformedInput("ncnn-layer", "a layer breaks off or is longer than any", start)


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little", signed=True)
