"""The GGML files before GGUF: ``ggml``, ``ggmf``, ``ggjt`` and the adapters ``ggla``.

Layout (llama.cpp and whisper.cpp of 2023): a magic number, a version except for ``ggml``, numbers
that the model's program knows the meaning of, for Whisper a filter bank, a vocabulary of strings
with or without scores, then tensors to the end of the file: dimensions, name length, type, shape,
name, data. How many numbers there are stands nowhere, so each layout that was used is tried, and
the one that ends exactly with the file is the right one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.errors import MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.gguf.cursor import Cursor
from weighbridge.formats.gguf.types import BLOCKS
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "ggml"
_MAGICS = {b"lmgg": "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt", b"algg": "ggla"}
_VERSIONS = {"ggml": 0, "ggmf": 1, "ggjt": 3, "ggla": 1}
# Types whose blocks were laid out otherwise before May 2023.
_EARLIER = {2: (32, 20), 3: (32, 24), 4: (16, 10), 5: (16, 12), 7: (32, 24), 8: (32, 36)}
_VOCABULARY = 1_000_000
_TENSORS = 100_000
_FILTERS = 1 << 20


@dataclass(frozen=True, slots=True)
class _Layout:
    numbers: int
    filters: bool = False
    counted: bool = False
    scores: bool = False
    vocabulary: bool = True


def claims(_source: Source, head: bytes) -> bool:
    """Say whether the bytes begin with one of the magic numbers and a version that was used."""
    name = _MAGICS.get(head[:4])
    if name is None or len(head) < 12:
        return False
    return name == "ggml" or 1 <= int.from_bytes(head[4:8], "little") <= _VERSIONS[name]


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the structure; the tensors are opaque where one layout accounts for all bytes."""
    name = _MAGICS[source.read_at(0, 4)]
    version = 0 if name == "ggml" else int.from_bytes(source.read_at(4, 4), "little")
    context.format(place, name, source.size, version=version)
    start = 4 if name == "ggml" else 8
    ends: dict[int, None] = {}
    for layout in _layouts(name):
        context.budget.check_time()
        for blocks in ({**BLOCKS, **_EARLIER}, BLOCKS):
            end = 0
            cursor = Cursor(source, start, "little", context.budget.check_time)
            try:
                _head(cursor, layout)
                if cursor.remaining == 0:
                    return True  # A vocabulary alone, as llama.cpp keeps for its tests.
                for end in _tensors(cursor, blocks, name in ("ggjt", "ggla")):
                    if end == source.size:
                        return True
            except MalformedInput:
                pass
            ends[end] = None
    text = "no layout that llama.cpp or whisper.cpp used accounts for all its bytes"
    context.gap(place, name, "unsupported-ggml-layout", text, carries_code=False)
    # Something else may have been put behind the tensors, wherever a layout says that they end.
    for end in filter(None, ends):
        rest = SliceSource(source, end, source.size - end)
        if context.walk(context.child(), rest, place.inside("trailing", origin="hidden")):
            break
    return True


def _layouts(name: str) -> Iterator[_Layout]:
    if name == "ggla":
        yield _Layout(2, vocabulary=False)
        return
    yield _Layout(7, scores=name != "ggml")
    if name == "ggml":
        yield _Layout(11, filters=True, counted=True)
        for numbers in range(5, 12):
            yield _Layout(numbers, counted=True)
            yield _Layout(numbers)


def _head(cursor: Cursor, layout: _Layout) -> None:
    numbers = [cursor.number(4) for _ in range(layout.numbers)]
    if layout.filters:
        cells = cursor.number(4) * cursor.number(4)
        if cells > _FILTERS:
            raise MalformedInput("malformed-filters", "the filter bank is too large", cursor.at)
        cursor.skip(4 * cells)
    if not layout.vocabulary:
        return
    count = cursor.number(4) if layout.counted else numbers[0]
    if not 0 < count <= _VOCABULARY:
        raise MalformedInput("malformed-vocabulary", "there is no vocabulary", cursor.at)
    for _ in range(count):
        length = cursor.number(4)
        if length > 4096:
            raise MalformedInput("malformed-vocabulary", "a token is too long", cursor.at)
        cursor.skip(length + (4 if layout.scores else 0))


def _tensors(cursor: Cursor, blocks: dict[int, tuple[int, int]], aligned: bool) -> Iterator[int]:
    """Go over the tensors; yields where each ends."""
    for _ in range(_TENSORS):
        if cursor.remaining == 0:
            return
        dimensions, length, kind = (cursor.number(4) for _ in range(3))
        block = blocks.get(kind)
        if not 0 < dimensions <= 4 or length > 512 or block is None:
            return
        elements = 1
        for _ in range(dimensions):
            elements *= cursor.number(4)
        cursor.skip(length)
        if aligned:
            cursor.skip(-cursor.at % 32)
        cursor.skip(elements // block[0] * block[1])
        yield cursor.at
