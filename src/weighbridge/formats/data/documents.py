"""Documents and fonts.

PDF: ISO 32000, 7.5. OpenType: table directory. WOFF 1 and 2: the header's length field.
"""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big
from weighbridge.sources.base import Source

_SFNT = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf")
_TAIL = 2048
_MOST_TABLES = 512


def pdf(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A document; what it may script is for a reader of documents, which no loader of models is."""
    if head[:5] != b"%PDF-":
        return None
    start = max(0, source.size - _TAIL)
    tail = source.read_at(start, _TAIL)
    mark = tail.rfind(b"%%EOF")
    if mark < 0:
        return Extent("pdf", source.size + 1)
    end = start + mark + 5
    rest = source.read_at(end, 2)
    return Extent("pdf", end + len(rest) - len(rest.lstrip(b"\r\n")))


def font(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A font; its tables are found through a directory at the start."""
    if head[:4] in (b"wOFF", b"wOF2"):
        return Extent("font", big(head, 8))
    if head[:4] not in _SFNT or not 0 < big(head, 4, 2) <= _MOST_TABLES:
        return None
    if head[:4] == b"ttcf":
        return Extent("font", source.size)
    count = big(head, 4, 2)
    directory = source.read_at(12, 16 * count)
    if len(directory) < 16 * count:
        return None
    records = [directory[at : at + 16] for at in range(0, len(directory), 16)]
    if not all(record[:4].isascii() and record[:4].strip() for record in records):
        return None
    end = max(big(record, 8) + big(record, 12) for record in records)
    return Extent("font", end + -end % 4 if end + -end % 4 <= source.size else end)


def folder_view(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """What the Finder of macOS keeps of a folder's looks (`.DS_Store`): a buddy allocator."""
    root = head[8:12]
    known = head[:8] == b"\0\0\0\1Bud1" and root == head[16:20]
    inside = big(head, 8) + big(head, 12) + 4 <= source.size
    return Extent("ds-store", source.size) if known and inside else None
