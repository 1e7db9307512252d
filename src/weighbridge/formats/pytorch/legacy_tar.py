"""The tar that the first versions of torch wrote (``torch/serialization.py``, ``legacy_load``).

Members ``sys_info``, ``pickle``, ``storages`` and ``tensors``. ``storages`` holds a pickled count,
then for each a pickled ``(key, location, StorageClass)``, an int64 element count and the elements;
``tensors`` a pickled count, then for each a pickled ``(key, storage key, class)``, an int32 number
of dimensions, 4 bytes, and int64 sizes, strides and offset.
"""

from __future__ import annotations

from weighbridge.containers.base import Archive, Member
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import analysis
from weighbridge.formats.pickle.trace import Trace
from weighbridge.formats.pytorch.storages import item_size
from weighbridge.sources.base import Source

_LOADERS = ("torch.load(weights_only=False)",)
_NAMES = {"sys_info", "pickle", "storages", "tensors"}


def is_legacy_tar(archive: Archive) -> bool:
    """Say whether the tar has the members that torch looks for."""
    names = {member.name.removeprefix("./") for member in archive.members}
    return len(_NAMES & names) >= 3 and "pickle" in names


def parse_storages(context: Context, member: Member, place: Place) -> None:
    """Run every pickle of a `storages` or `tensors` member and step over the raw parts."""
    source = member.source
    if source is None:
        return
    inner = place.inside(member.name, _LOADERS)
    context.format(inner, "pytorch-tar-part", source.size)
    trace = _run(context, source, 0, inner)
    while trace.stopped and trace.end < source.size:
        trace = _run(context, source, trace.end, inner)
        if trace.stopped:
            trace.end = _skip(member.name, source, trace)
    if not trace.stopped:
        text = f"a pickle of this part breaks off ({trace.error or trace.limit})"
        context.gap(inner, "pytorch-tar", "malformed-part", text, trace.end)


def _run(context: Context, source: Source, offset: int, place: Place) -> Trace:
    trace = context.interpreter().run(source, offset, context.budget, analysis.attention())
    analysis.emit(context, trace, source, place)
    return trace


def _skip(name: str, source: Source, trace: Trace) -> int:
    head = source.read_at(trace.end, 8)
    if name.endswith("tensors"):
        dimensions = int.from_bytes(head[:4], "little")
        return min(trace.end + 8 + 16 * min(dimensions, 1 << 20) + 8, source.size)
    names = [symbol.name for symbol in trace.symbols]
    size = item_size(names[-1]) if names else None
    count = int.from_bytes(head, "little")
    return min(trace.end + 8 + count * size, source.size + 1) if size else source.size + 1
