"""Models of Rockchip's RKNN, as rknn-toolkit2 writes them (layout 6, seen in what 2.5.0 exports).

A mark of eight bytes, the number of the layout and the length of a FlatBuffer, each eight bytes;
that FlatBuffer at 64; then the length of a JSON text, eight bytes, and the text. Of the root table
field 0 is the layout, 8 the processor, and 21 the names of the operators that the application
brings (rknn_register_custom_ops), with commas between them. The rest is commands for that processor
and numbers, neither of which is followed. Other layouts are not known.
"""

from __future__ import annotations

import re

from weighbridge.errors import MalformedInput
from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.flatbuffers import Buffer
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "rknn"
_MAGIC = b"RKNN\0\0\0\0"
_LAYOUT = 6
_START = 64
_PROCESSOR, _CUSTOM = 8, 21
_NAMES_LIMIT = 64 << 10
_PROCESSOR_NAME = re.compile(r"[a-z]{2}\d{4}\w{0,8}\Z", re.IGNORECASE)


def claims(source: Source, head: bytes) -> bool:
    """Say whether it has the mark, and a layout that is known."""
    return head[:8] == _MAGIC and int.from_bytes(head[8:16], "little") == _LAYOUT


def parse(context: Context, source: Source, place: Place) -> bool:
    """Add the operators that the application brings; False when it is no such file.

    Raises:
        MalformedInput: the parts do not fit into the file.
        LimitExceeded: there are more tables than are followed.
    """
    size = int.from_bytes(source.read_at(16, 8), "little")
    end = _START + size
    if not 0 < size <= source.size - _START - 8:
        return False
    buffer = Buffer(SliceSource(source, _START, size), context.budget)
    root = buffer.root()
    processor = buffer.text(root, _PROCESSOR)
    if _PROCESSOR_NAME.match(processor) is None:
        return False
    context.format(place, NAME, source.size)
    tally = OperatorTally(NAME)
    for name in buffer.text(root, _CUSTOM, _NAMES_LIMIT).split(","):
        if name:
            tally.note(name, _START, "custom")
    tally.state(context, place)
    hidden.search(context, source, place, _START)
    length = int.from_bytes(source.read_at(end, 8), "little")
    if length > source.size - end - 8:
        raise MalformedInput("rknn-layout", "its parts are longer than the file", end)
    if end + 8 + length < source.size:
        trailing(context, source, place, NAME, end + 8 + length)
    return True
