"""Further pictures: what scanners, games, painters and measuring cameras write.

DDS: Microsoft, DDS_HEADER. PSD: Adobe Photoshop file formats specification. PFM: Debevec's portable
float map. FLO: Middlebury optical flow. PAM: Netpbm, pam(5). ICNS: Apple icon image. TGA:
Truevision TGA 2.0. DjVu: DjVu3 specification, 8. JPEG: ITU T.81, B.1. ICC: ICC.1,
7.2.
"""

from __future__ import annotations

import re
from math import prod

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big, number
from weighbridge.sources.base import Source

_PFM = re.compile(rb"P([fF])\n(\d{1,6}) (\d{1,6})\n-?\d{1,10}(?:\.\d{1,20})?\n")
_PAM = re.compile(rb"P7\n((?:[A-Z]+ [^\n]{1,40}\n){4,6})ENDHDR\n")
_PAM_FIELD = re.compile(rb"([A-Z]+) ([^\n]{1,40})\n")
_BLOCKS = {
    b"DXT1": 8, b"DXT3": 16, b"DXT5": 16, b"ATI1": 8, b"BC4U": 8, b"ATI2": 16, b"BC5U": 16,
}  # fmt: skip
_DXGI = {70: 8, 71: 8, 72: 8, 79: 8, 80: 8, 81: 8} | dict.fromkeys(
    (73, 74, 75, 76, 77, 78, 82, 83, 84, 94, 95, 96, 97, 98, 99), 16
)
_CUBE = 0x200
# Markers that end entropy-coded data: neither a stuffed zero, nor a restart, nor a filler.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_LAST = b"\xff\xd9"
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_WINDOW = 1 << 20
_FILLED = 1 << 16


def dds(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A texture, in blocks of four by four or plain, with its smaller copies."""
    if head[:4] != b"DDS " or number(head, 4) != 124:
        return None
    height, width, copies = number(head, 12), number(head, 16), max(1, number(head, 28))
    block, start = _BLOCKS.get(head[84:88]), 128
    if head[84:88] == b"DX10":
        block, start = _DXGI.get(number(head, 128)), 148
    if copies > 32 or number(head, 24) > 1:
        return None
    faces = 6 if number(head, 112) & _CUBE else 1
    if block is None and number(head, 84) == 0 and number(head, 88) in (8, 16, 24, 32):
        pixels = sum(max(1, width >> n) * max(1, height >> n) for n in range(copies))
        return Extent("dds", start + faces * pixels * (number(head, 88) // 8))
    if block is None:
        return None
    sizes = [max(1, (width >> n) + 3 >> 2) * max(1, (height >> n) + 3 >> 2) for n in range(copies)]
    return Extent("dds", start + faces * block * sum(sizes))


def psd(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A document of Photoshop: three sections with their lengths, then the merged picture."""
    if head[:6] != b"8BPS\0\1" or any(head[6:12]):
        return None
    channels, depth = big(head, 12, 2), big(head, 22, 2)
    height, width, at = big(head, 14), big(head, 18), 26
    for _ in range(3):
        at += 4 + big(source.read_at(at, 4), 0)
    packing, row = big(source.read_at(at, 2), 0, 2), (width * depth + 7) // 8
    if packing == 0:
        return Extent("psd", at + 2 + channels * height * row)
    if packing != 1 or channels * height > 1 << 22:
        return None
    counts = source.read_at(at + 2, 2 * channels * height)
    data = sum(big(counts, n, 2) for n in range(0, len(counts), 2))
    return Extent("psd", at + 2 + 2 * channels * height + data)


def floats(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Pictures of floating point numbers: portable float maps and fields of optical flow."""
    found = _PFM.match(head)
    if found is not None:
        samples = int(found[2]) * int(found[3]) * (3 if found[1] == b"F" else 1)
        return Extent("pfm", found.end() + 4 * samples)
    if head[:4] == b"PIEH" and 0 < number(head, 4) < 1 << 17 and 0 < number(head, 8) < 1 << 17:
        return Extent("optical-flow", 12 + 8 * number(head, 4) * number(head, 8))
    return None


def pam(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Netpbm's common form: width, height, depth and greatest value, each in its line."""
    found = _PAM.match(head)
    if found is None:
        return None
    fields = dict(_PAM_FIELD.findall(found[1]))
    values = [fields.get(name, b"") for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")]
    if not all(value.isdigit() for value in values):
        return None
    *sizes, most = map(int, values)
    return Extent("netpbm", found.end() + prod(sizes) * (2 if most > 255 else 1))


def wrapped(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Icons of macOS, and DjVu: one length for the whole."""
    if head[:4] == b"icns" and big(head, 4) <= source.size:
        return Extent("icns", big(head, 4))
    if head[:8] == b"AT&TFORM":
        return Extent("djvu", 12 + big(head, 8) + big(head, 8) % 2)
    return None


def colours(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Profiles of colours, which state their length."""
    return Extent("icc-profile", big(head, 0)) if head[36:40] == b"acsp" else None


def targa(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A picture without a signature at its start: what it says has to fill the file exactly."""
    if len(head) < 18 or head[1] > 1 or head[2] not in (1, 2, 3) or head[16] not in (8, 16, 24, 32):
        return None
    palette = number(head, 5, 2) * ((head[7] + 7) // 8) if head[1] else 0
    samples = number(head, 12, 2) * number(head, 14, 2)
    end = 18 + head[0] + palette + samples * (head[16] // 8)
    footer = source.size == end + 26 and source.read_at(end + 8, 18) == b"TRUEVISION-XFILE.\0"
    return Extent("targa", source.size) if samples and (footer or end == source.size) else None


def jpeg(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Pictures one behind the other, as cameras keep a second one; each ends with its marker."""
    if head[:3] != b"\xff\xd8\xff":
        return None
    if source.read_at(source.size - 2, 2) == _LAST:
        return Extent("jpeg", source.size)  # What hubs hold most of is not fetched as a whole.
    start, end = 0, 0
    while source.read_at(start, 2) == b"\xff\xd8":
        found = _jpeg_end(source, start + 2, budget)
        if found is None:
            return Extent("jpeg", source.size + 1)
        end = found
        filled = source.read_at(end, _FILLED)
        start = end + len(filled) - len(filled.lstrip(b"\0"))
    return Extent("jpeg", end)


def _jpeg_end(source: Source, at: int, budget: Budget) -> int | None:
    while at < source.size:
        budget.check_time()
        header = source.read_at(at, 4)
        if len(header) < 2:
            return None
        kind = header[1]
        if header[0] != 0xFF:  # What readers skip up to the next marker.
            at = _scan_end(source, at, budget)
        elif kind == 0xFF:  # A filler.
            at += 1
        elif kind == 0xD9:
            return at + 2
        elif kind in _ALONE:
            at += 2
        else:
            at += 2 + max(2, big(header, 2, 2))
            if kind == 0xDA:
                at = _scan_end(source, at, budget)
    return None


def _scan_end(source: Source, at: int, budget: Budget) -> int:
    """Return where the marker stands behind entropy-coded data."""
    while at < source.size:
        budget.check_time()
        data = source.read_at(at, _WINDOW)
        found = _MARKER.search(data)
        if found is not None:
            return at + found.start()
        at += max(1, len(data) - 1)
    return at
