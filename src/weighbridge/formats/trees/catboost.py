"""CatBoost's binary models (catboost, libs/model/model.cpp, flatbuffers/model.fbs).

``CBM1``, four bytes of length, a FlatBuffer ``TModelCore``: version of the format (0), the trees
(1), texts the model says of itself (2: key and value), names of further parts (3), which follow one
behind the other. Statistics of categories are a count, and that many tables behind their lengths.
Dictionaries for texts and numbers for embeddings begin with the name of their part; how far they
reach stands in each of their own parts, which are not followed, so streams are looked for instead.
"""

from __future__ import annotations

from weighbridge.errors import MalformedInput
from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.flatbuffers import Buffer
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.python.effects import excerpt
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "catboost"
_MAGIC = b"CBM1"
_VERSIONS = ("FlabuffersModel_v1",)
_CATEGORIES = "static_provider_v1"
_NAMED = frozenset({"text_process_v1", "text_process_v2", "embed_process_1"})
_MOST_PARTS = 16
_MOST_TEXTS = 200
_SHOWN = 300


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with the magic number."""
    return head.startswith(_MAGIC)


def parse(context: Context, source: Source, place: Place) -> bool:
    """Read the core, and account for the parts behind it.

    Raises:
        MalformedInput: an offset leads out of the core.
        LimitExceeded: there are too many tables.
    """
    size = int.from_bytes(source.read_at(4, 4), "little")
    if size > source.size - 8:
        raise MalformedInput("catboost-truncated", "the model breaks off", 4)
    buffer = Buffer(SliceSource(source, 8, size), context.budget)
    core = buffer.root()
    version = buffer.text(core, 0, 100)
    context.format(place, NAME, source.size, version=version)
    if version not in _VERSIONS:
        text = f"a version that is not known: {version[:40]!r}"
        context.anomaly(place, NAME, "catboost-version", text, 8)
    for number, pair in enumerate(buffer.tables(core, 2)):
        if number >= _MOST_TEXTS:
            break
        key, value = buffer.text(pair, 0, 100), buffer.text(pair, 1, 4 * _SHOWN)
        context.metadata(place, NAME, excerpt(key, 100), excerpt(value, _SHOWN))
    end = 8 + size
    parts = [part.rstrip("\0") for part in buffer.texts(core, 3, _MOST_PARTS)]
    if _CATEGORIES in parts and end < source.size:
        end = _tables_end(context, source, end)
    if end >= source.size and not _NAMED.isdisjoint(parts):
        raise MalformedInput("catboost-truncated", "the model breaks off", end)
    if end < source.size and any(_begins(source, end, part) for part in parts):
        hidden.search(context, source, place, end)
    elif end < source.size:
        trailing(context, source, place, NAME, end)
    return True


def _begins(source: Source, at: int, part: str) -> bool:
    """Say whether a part for texts or embeddings stands here: its name, and a header that fits."""
    if part not in _NAMED:
        return False
    start = at + 16
    header = int.from_bytes(source.read_at(start, 8), "little")
    return source.read_at(at, 16) == part.encode().ljust(16, b"\0") and (
        0 < header <= source.size - start - 8
    )


def _tables_end(context: Context, source: Source, start: int) -> int:
    """Return where the statistics of categories end: a count, then tables behind their lengths."""
    count = int.from_bytes(source.read_at(start, 4), "little")
    end = start + 4
    for _ in range(count):
        context.budget.check_time()
        if end + 4 > source.size:
            raise MalformedInput("catboost-truncated", "the model breaks off", end)
        end += 4 + int.from_bytes(source.read_at(end, 4), "little")
    if end > source.size:
        raise MalformedInput("catboost-truncated", "the model breaks off", start)
    return end
