"""Indexes of tokens for training (Megatron-LM, indexed_dataset.py; fairseq, indexed_dataset.py).

::

    MMIDIDX, version 1, type (1 byte), sequences, documents; lengths (int32), places, documents
    TNTIDX, version 1, type, width, sequences, sizes; dimensions, places, sizes, documents

The tokens stand in a file beside it, which is called like the index but for its ending.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.sources.base import Source

NAME = "token-index"
_MEGATRON, _FAIRSEQ = b"MMIDIDX\0\0", b"TNTIDX\0\0"
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 8, 7: 4, 8: 2}
_ENDING = ".idx"
_CHECK_EVERY = 4_096
_MOST = 1 << 48
_MODES, _MOST_MODES = 16, 1 << 26


def claims(_source: Source, head: bytes) -> bool:
    """Say whether it begins as one does, in the only version there is."""
    version = head[9:17] if head.startswith(_MEGATRON) else head[8:16]
    return head.startswith((_MEGATRON, _FAIRSEQ)) and version == (1).to_bytes(8, "little")


def parse(context: Context, source: Source, place: Place) -> bool:
    """Follow the lists to their end, and state how far the tokens reach."""
    megatron = source.read_at(0, len(_MEGATRON)) == _MEGATRON
    end, tokens = _megatron(source) if megatron else _fairseq(source, context.budget)
    context.format(place, NAME, source.size)
    name = context.file_name(place)
    # What does not end where it says declares nothing.
    if name.endswith(_ENDING) and end == source.size and tokens < _MOST:
        location = f"{name.removesuffix(_ENDING)}.bin"
        context.add(ExternalData(place.member, 0, NAME, "", location, 1, 0, tokens, ()))
    if end > source.size:
        text = f"the index should have {end} bytes"
        context.gap(place, NAME, "malformed-truncated", text, carries_code=False)
    elif end < source.size:
        trailing(context, source, place, NAME, end)
    return True


def _megatron(source: Source) -> tuple[int, int]:
    """Return where the index ends, and where the tokens of the last sequence do."""
    width = _WIDTHS.get(_number(source, 17, 1), 1)
    sequences, documents = _number(source, 18), _number(source, 26)
    places = 34 + 4 * sequences
    end = places + 8 * sequences + 8 * documents
    tokens = 0
    if sequences:
        last = _number(source, places - 4, 4)
        tokens = _number(source, places + 8 * (sequences - 1)) + width * last
    # Further, for data of several kinds, a small number for each sequence.
    if source.size == end + sequences:
        modes = source.read_at(end, min(sequences, _MOST_MODES))
        end += sequences if max(modes, default=0) < _MODES else 0
    return end, tokens


def _fairseq(source: Source, budget: Budget) -> tuple[int, int]:
    width, sequences, sizes = _number(source, 24), _number(source, 32), _number(source, 40)
    places = 48 + 8 * (sequences + 1)
    end = places + 8 * (sequences + 1) + 8 * sizes
    tokens = width * _number(source, places + 8 * sequences)
    return end + 8 * _documents(source, end, sequences, budget), tokens


def _documents(source: Source, start: int, sequences: int, budget: Budget) -> int:
    """Return how many numbers of sequences stand there, which fairseq does not count."""
    count, before = 0, 0
    for at in range(start, source.size - 7, 8):
        if not count % _CHECK_EVERY:
            budget.check_time()
        value = _number(source, at)
        if not before <= value <= sequences:
            break
        count, before = count + 1, value
    return count


def _number(source: Source, at: int, width: int = 8) -> int:
    return int.from_bytes(source.read_at(at, width), "little")
