"""Pictures, sounds and films.

BMP: BITMAPFILEHEADER. TIFF 6.0: section 2. ISO 14496-12: boxes (MP4, MOV, HEIF, AVIF). RFC 3533:
Ogg pages. RFC 9639: FLAC. ISO 11172-3: MPEG audio frames, with ID3v2.4 before and ID3v1 behind.
EBML (RFC 8794): Matroska, WebM. IFF: AIFF. BigTIFF: its design page.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big, follow, number
from weighbridge.sources.base import Source

_BIT_RATES = {  # kbit/s by version and layer, ISO 11172-3 2.4.2.3 and ISO 13818-3 2.4.2.3
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_NETPBM = re.compile(
    rb"P([56])\s{1,4}(?:#[^\n]{0,200}\n)?(\d{1,6})\s{1,4}(\d{1,6})\s{1,4}(\d{1,5})\s"
)
_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


def bmp(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A bitmap, which states its own length."""
    if head[:2] != b"BM" or len(head) < 54 or number(head, 6) or number(head, 14) not in (40, 124):
        return None
    return Extent("bmp", number(head, 2))


def tiff(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A picture whose directories stand anywhere in the file, so its end is that of the file."""
    read = {b"II*\0": number, b"II+\0": number, b"MM\0*": big, b"MM\0+": big}.get(head[:4])
    if read is None:
        return None
    wide = b"+" in head[2:4]
    first = read(head, 8, 8) if wide else read(head, 4)
    return Extent("tiff", source.size if 8 <= first < source.size else source.size + 1)


def icon(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A few pictures of different sizes behind a directory of them."""
    count = number(head, 4, 2)
    if head[:4] not in (b"\0\0\1\0", b"\0\0\2\0") or not 0 < count <= 64:
        return None
    entries = source.read_at(6, 16 * count)
    records = [entries[at : at + 16] for at in range(0, len(entries), 16)]
    if len(entries) < 16 * count or any(record[3] for record in records):
        return None
    return Extent("icon", max(number(record, 8) + number(record, 12) for record in records))


def netpbm(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """PGM and PPM, the binary forms: width, height and greatest value in decimal."""
    header = _NETPBM.match(head)
    if header is None:
        return None
    samples = int(header[2]) * int(header[3]) * (3 if header[1] == b"6" else 1)
    return Extent("netpbm", header.end() + samples * (2 if int(header[4]) > 255 else 1))


def boxes(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """MP4, MOV, HEIF, AVIF, JPEG 2000 and JPEG XL: boxes one behind the other."""
    if head[4:8] not in (b"ftyp", b"jP  ", b"JXL "):
        return None

    def length(header: bytes, offset: int) -> int | None:
        if len(header) < 8 or not header[4:8].strip(b"\0").isascii():
            return None
        size = big(header, 0)
        if size == 0:  # The last box, to the end of the file.
            return source.size - offset
        size = big(header, 8, 8) if size == 1 else size
        return size if size >= 8 else None

    return Extent("iso-media", follow(source, 0, 16, length, budget))


def ogg(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Pages, each with a table of the lengths of its segments."""
    if head[:5] != b"OggS\0":
        return None

    def length(header: bytes, _offset: int) -> int | None:
        if header[:5] != b"OggS\0" or len(header) < 27:
            return None
        return 27 + header[26] + sum(header[27 : 27 + header[26]])

    return Extent("ogg", follow(source, 0, 27 + 255, length, budget))


def flac(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Blocks of metadata; the frames behind them give no length, and reach to the end."""
    if head[:4] != b"fLaC":
        return None
    last = False

    def length(header: bytes, _offset: int) -> int | None:
        nonlocal last
        if last or len(header) < 4:
            return None
        last = bool(header[0] & 0x80)
        return 4 + big(header, 1, 3)

    frames = follow(source, 4, 4, length, budget)
    good = big(source.read_at(frames, 2), 0, 2) >> 2 == 0x3FFE
    return Extent("flac", source.size) if last and good else None


def mpeg_audio(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """MP3 and its relatives: frames, each as long as its header says."""
    start = 0
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start = 10 + size + (10 if head[5] & 0x10 else 0)
    elif _frame(head) is None or _frame(head[_frame(head) or 0 :]) is None:
        return None
    end = follow(source, start, 4, _frame, budget)
    if end == start:
        return None
    if source.read_at(end, 3) == b"TAG":
        end += 128
    # Encoders cut the last frame short, and many pad with zeros.
    return Extent("mpeg-audio", min(end, source.size))


def _frame(header: bytes, _offset: int = 0) -> int | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate, frequency, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or rate in (0, 15) or frequency == 3:
        return None
    bits = _BIT_RATES[1 if version == 3 else 2, layer][rate] * 1000
    hertz = _RATES[version][frequency]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    samples = 72 if layer == 3 and version != 3 else 144
    return samples * bits // hertz + padding


def matroska(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Matroska and WebM: a header and one segment, which may be of unknown length."""
    if head[:4] != _EBML:
        return None
    header, width = _vint(head, 4)
    at = 4 + width + header
    segment = source.read_at(at, 12)
    if segment[:4] != _SEGMENT:
        return None
    size, width = _vint(segment, 4)
    unknown = size == (1 << 7 * width) - 1
    return Extent("matroska", source.size if unknown else at + 4 + width + size)


def _vint(data: bytes, at: int) -> tuple[int, int]:
    """Return an EBML number and its width (RFC 8794, 4)."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    return big(data, at, width) & (1 << 7 * width) - 1, width


def chunks(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """AIFF: one chunk that states its length."""
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Extent("aiff", 8 + big(head, 4))
    return None
