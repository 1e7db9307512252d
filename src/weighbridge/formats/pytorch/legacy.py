"""The stream that ``torch.save`` wrote before 1.6, and still does on request.

Layout (``torch/serialization.py``, ``_legacy_save``): pickles of a magic number, of the protocol
version 1001, of system information, of the object itself, of the list of storage keys; then for
each key an int64 element count and the raw elements.
"""

from __future__ import annotations

from weighbridge.formats.context import Context, Place
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.pickle import analysis
from weighbridge.formats.pickle.raw import hidden_streams
from weighbridge.formats.pickle.trace import Trace
from weighbridge.formats.pytorch.storages import TensorWatch
from weighbridge.sources.base import Source

NAME = "pytorch-legacy"
# 0x1950a86a20f9469cfc6c as LONG1, in whatever protocol it was pickled.
MAGIC_NUMBER = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_LOADERS = ("torch.load(weights_only=False)",)
_STREAMS = 5


def claims(source: Source, head: bytes) -> bool:
    """Say whether the first pickle holds torch's magic number."""
    return MAGIC_NUMBER in head[:40]


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the five pickles, check tensors against storages, account for the raw rest."""
    context.format(place, NAME, source.size)
    inner = Place(place.member, _LOADERS, place.origin)
    watch = TensorWatch(context, place)
    watched = analysis.attention(observers=watch.observers, persistent=watch.persistent)
    trace = Trace(0)
    for _ in range(_STREAMS):
        trace = context.interpreter().run(source, trace.end, context.budget, watched)
        analysis.emit(context, trace, source, inner)
        if not trace.stopped:
            _broken(context, source, place, trace)
            return True
    sizes = [storage.size for storage in watch.storages.values()]
    if None in sizes:
        text = "storages of a type that is not known cannot be told from hidden bytes"
        context.gap(place, NAME, "unsupported-storage-type", text, trace.end)
        return True
    end = trace.end + sum(8 + (size or 0) for size in sizes)
    if end > source.size:
        text = f"the storages need {end - source.size} more bytes than the file has"
        context.gap(place, NAME, "malformed-truncated", text, source.size, carries_code=False)
    elif end < source.size:
        trailing(context, source, place, NAME, end)
    return True


def _broken(context: Context, source: Source, place: Place, trace: Trace) -> None:
    if trace.error is None:
        return
    text = f"the stream breaks off ({trace.error}); what stands before it was examined"
    context.gap(place, NAME, f"malformed-{trace.error}", text, trace.end)
    hidden_streams(context, source, place, trace.end)
