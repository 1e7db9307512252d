"""What systems and programs leave beside a model.

AppleDouble: RFC 1740, appendix B. Property lists: CFBinaryPList.c. BitTorrent: BEP 3. ASN.1: X.690.
EOT: the W3C submission of 2008. Time zones: RFC 9636.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import MOST_PARTS, Extent, big, number
from weighbridge.sources.base import Source

_APPLE = bytes.fromhex("0005160700020000")
_TORRENT = re.compile(rb"d(?:8:announce|13:announce-list|10:created by|13:creation date|4:info)")
_NUMBER = re.compile(rb"i-?\d{1,20}e")
_TEXT = re.compile(rb"(\d{1,12}):")
_DEEPEST = 100
_WINDOW = 1 << 20
_ARCHIVER = b"$archiver"


def apple_double(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """What macOS keeps beside a file (`._name`): entries with places and lengths."""
    count = big(head, 24, 2)
    if not head.startswith(_APPLE) or not 0 < count <= 16:
        return None
    entries = [(big(head, 30 + 12 * n), big(head, 34 + 12 * n)) for n in range(count)]
    return Extent("apple-double", max(start + size for start, size in entries))


def property_list(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Settings of macOS: a table of places at the end. Archives of objects are not taken."""
    if head[:8] != b"bplist00" or source.size < 40:
        return None
    tail = source.read_at(source.size - 32, 32)
    count, top, table = (big(tail, 8 + 8 * n, 8) for n in range(3))
    whole = table + count * tail[6] + 32 == source.size and top < count
    if not whole or _ARCHIVER in source.read_at(0, min(source.size, 1 << 20)):
        return None
    return Extent("property-list", source.size)


def torrent(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """What a download is made of: texts, numbers, lists and dictionaries one inside the other."""
    if _TORRENT.match(head) is None:
        return None
    at, depth = 0, 0
    for part in range(MOST_PARTS):
        if not part % 4096:
            budget.check_time()
        piece = source.read_at(at, 24)
        text = _TEXT.match(piece)
        integer = _NUMBER.match(piece)
        if piece[:1] in (b"d", b"l"):
            at, depth = at + 1, depth + 1
        elif piece[:1] == b"e":
            at, depth = at + 1, depth - 1
        elif text is not None:
            at += text.end() + int(text[1])
        elif integer is not None:
            at += integer.end()
        else:
            return Extent("torrent", source.size + 1)
        if not depth:
            return Extent("torrent", at)
        if depth > _DEEPEST:
            break
    return None


def certificate(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A certificate or a key in its binary form: a sequence that fills the file."""
    if head[:1] != b"\x30" or head[1:2] not in (b"\x81", b"\x82"):
        return None
    width = head[1] & 0x7F
    end = 2 + width + big(head, 2, width)
    known = head[2 + width : 3 + width] in (b"\x30", b"\x02") and end == source.size
    return Extent("certificate", end) if known else None


def embedded_font(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """EOT: a font for old browsers, which states its length."""
    known = head[34:36] == b"LP" and number(head, 8) in (0x10000, 0x20001, 0x20002)
    return Extent("font", number(head, 0)) if known else None


def zeros(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Room that was set aside and not used: zeros and nothing else."""
    for at in range(0, source.size, _WINDOW):
        budget.check_time()
        if source.read_at(at, _WINDOW).strip(b"\0"):
            return None
    return Extent("zeros", source.size)


def time_zone(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Changes of a zone's clock: counts, then tables of that size; twice, and a line, since 2."""
    if head[:4] != b"TZif" or any(head[5:20]):
        return None
    end = _zone_table(head, 4)
    if head[4]:
        second = source.read_at(end, 44)
        if second[:4] != b"TZif":
            return Extent("time-zone", source.size + 1)
        end += _zone_table(second, 8)
        line = source.read_at(end, 256)
        close = line.find(b"\n", 1)
        return Extent("time-zone", end + close + 1 if line[:1] == b"\n" and close > 0 else end)
    return Extent("time-zone", end)


def _zone_table(header: bytes, width: int) -> int:
    """Return the length of a header and what it counts; times take `width` bytes."""
    counts = [big(header, 20 + 4 * index) for index in range(6)]
    utc, standard, leaps, times, types, letters = counts
    return 44 + times * (width + 1) + 6 * types + letters + leaps * (width + 4) + standard + utc
