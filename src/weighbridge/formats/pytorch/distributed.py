"""The shards of ``torch.distributed.checkpoint``: archives of ``torch.save``, one behind the other.

``__0_0.distcp`` has no structure of its own (``torch/distributed/checkpoint/filesystem.py``): each
item is a whole zip, and a pickle beside the shards, ``.metadata``, says where each begins. As one
zip such a file has several end records and names that repeat, which is how an archive looks that is
made to be read in two ways. What tells them apart is that the archives account for every byte: each
end record gives the length of what stands before it, back to the first byte of the file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from weighbridge.containers.zip_records import (
    CENTRAL_MAGIC,
    END_MAGIC,
    LOCAL_MAGIC,
    EndRecord,
    find_end64,
)
from weighbridge.formats.context import Context, Place
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

NAME = "pytorch-distributed"
MOST_PARTS = 100_000
_END, _LOCAL, _LOCATOR, _END64 = 22, 30, 20, 56
_CHECK_EVERY = 256
_FIRST = re.compile(rb"[^/]{1,200}/data\.pkl\Z")


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine every archive; False when it is anything but a row of checkpoints.

    Raises:
        LimitExceeded: no time is left.
    """
    starts = _starts(context, source)
    if len(starts) < 2:
        return False
    before = len(context.facts)
    context.format(place, NAME, source.size, archives=len(starts))
    child = context.child()
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], source.size], strict=True)):
        inner = place.inside(f"archive-{number}")
        if child.walk(child, SliceSource(source, start, end - start), inner) != "pytorch-zip":
            del context.facts[before:]
            return False
    return True


class _Part(NamedTuple):
    """One archive: where it begins, and where its directory and its zip64 record are.

    `declared` and `named` are where a reader looks for the two that counts from the start of the
    file; `named` is None where nothing is found there.
    """

    start: int
    directory: int
    record: int | None
    declared: int
    named: int | None


def _starts(context: Context, source: Source) -> list[int]:
    """Return where each archive begins; empty when they do not account for the whole file."""
    parts: list[_Part] = []
    end = source.size
    while end > 0:
        if not len(parts) % _CHECK_EVERY:
            context.budget.check_time()
        part = _part(source, end)
        if part is None or len(parts) >= MOST_PARTS:
            return []
        parts.append(part)
        end = part.start
    # miniz takes the declared place as counted from the start of the file, whatever stands there.
    known = {part.directory for part in parts}
    records = {part.record for part in parts}
    for part in parts:
        if part.declared not in known and source.read_at(part.declared, 4) == CENTRAL_MAGIC:
            return []
        if part.named is not None and part.named not in records:
            return []
    return [part.start for part in reversed(parts)]


def _part(source: Source, end: int) -> _Part | None:
    """Return the archive whose end record stands right before `end`."""
    position = end - _END
    raw = source.read_at(position, _END) if position >= 0 else b""
    if raw[:4] != END_MAGIC or raw[20:22] != b"\0\0":
        return None
    size, offset = (int.from_bytes(raw[at : at + 4], "little") for at in (12, 16))
    limit = position
    wide = find_end64(source, EndRecord(position, 0, 0, 0, 0, size, offset, b""))
    record = wide[0].position if wide else None
    named = wide[1].position if len(wide) > 1 else None
    if wide:
        if record != position - _LOCATOR - _END64:
            return None
        size, offset, limit = wide[0].size, wide[0].offset, wide[0].position
    start = limit - size - offset
    if start < 0 or source.read_at(start + offset, 4) != CENTRAL_MAGIC:
        return None
    header = source.read_at(start, _LOCAL + 300)
    name = header[_LOCAL : _LOCAL + int.from_bytes(header[26:28], "little")]
    known = header[:4] == LOCAL_MAGIC and _FIRST.match(name) is not None
    return _Part(start, start + offset, record, offset, named) if known else None
