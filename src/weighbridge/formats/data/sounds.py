"""Further sounds and films, whose parts say how long they are.

MIDI: Standard MIDI Files 1.0. AU: Sun audio. CAF: Apple Core Audio Format. W64: Sony Wave64. RF64:
EBU Tech 3306. ADTS: ISO 13818-7, 6.2. AMR: RFC 4867, 5. FLV: Adobe Flash Video 10.1. MPEG-TS: ISO
13818-1, 2.4.3. SPHERE: NIST. YUV4MPEG2: mjpegtools. IVF: the container of libvpx. VOC: Creative.
WavPack: its format 4. RIFF: Microsoft.
"""

from __future__ import annotations

import re

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big, follow, number
from weighbridge.sources.base import Source

_FORMS = (b"sfbk", b"RMID", b"ACON", b"PAL ", b"DLS ")
_WAVE64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_ENDLESS = (1 << 64) - 1
# By mode; nought for those that no frame has.
_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)
_PACKET = 188
_PACKETS = _PACKET * 1024
_SPHERE = re.compile(rb"NIST_1A\n {0,6}(\d{1,6})\n")
_FIELD = re.compile(rb"(sample_count|channel_count|sample_n_bytes) -i (\d{1,12})\s*\n")
_FRAMES = re.compile(rb"YUV4MPEG2((?: [A-Z][^ \n]{0,40}){2,10})\n")
_PLANES = {b"420": (3, 2), b"422": (2, 1), b"444": (3, 1), b"mono": (1, 1)}


def riff(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """RIFF of films, which continue in further chunks, and of sound fonts, cursors and songs."""
    if head[:4] in (b"RF64", b"BW64") and head[8:16] == b"WAVEds64":
        return Extent("wave", 8 + number(head, 20, 8))
    if head[:4] != b"RIFF":
        return None
    if head[8:12] in _FORMS:
        return Extent("riff", 8 + number(head, 4) + number(head, 4) % 2)
    if head[8:12] != b"AVI ":
        return None

    def length(header: bytes, offset: int) -> int | None:
        further = header[:4] == b"RIFF" and header[8:12] == b"AVIX"
        return 8 + number(header, 4) if further or not offset else None

    return Extent("avi", follow(source, 0, 12, length, budget))


def wave64(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Sony's Wave64, which counts its own header."""
    return Extent("wave", number(head, 16, 8)) if head[:16] == _WAVE64 else None


def midi(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Songs as notes: a header and tracks."""
    if head[:8] != b"MThd\0\0\0\6":
        return None

    def length(header: bytes, offset: int) -> int | None:
        known = header[:4] == b"MTrk" or not offset
        return 8 + big(header, 4) if known and len(header) == 8 else None

    return Extent("midi", follow(source, 0, 8, length, budget))


def sun_audio(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """AU: where the samples begin and how many bytes they have, unless that is left open."""
    start, size = big(head, 4), big(head, 8)
    if head[:4] != b".snd" or not 24 <= start <= 1 << 16 or not 1 <= big(head, 12) <= 27:
        return None
    return Extent("sun-audio", source.size if size == 0xFFFFFFFF else start + size)


def core_audio(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """CAF: chunks, of which that of the samples may be open at its end."""
    if head[:12] != b"caff\0\1\0\0desc":
        return None

    def length(header: bytes, offset: int) -> int | None:
        size = big(header, 4, 8)
        if len(header) < 12 or not header[:4].isascii():
            return None
        return source.size - offset if size == _ENDLESS else 12 + size

    return Extent("core-audio", follow(source, 8, 12, length, budget))


def adts(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """AAC as a row of frames; two have to follow each other, for the mark is short."""

    def length(header: bytes, _offset: int = 0) -> int | None:
        if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
            return None
        size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        return size if size >= 7 and header[2] >> 2 & 15 < 13 else None

    first = length(head)
    if first is None or (first < source.size and length(source.read_at(first, 7)) is None):
        return None
    return Extent("aac", follow(source, 0, 7, length, budget))


def amr(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Speech of telephones: frames whose mode says their length."""
    for magic, sizes in ((b"#!AMR\n", _NARROW), (b"#!AMR-WB\n", _WIDE)):
        if head.startswith(magic):

            def length(header: bytes, _offset: int, sizes: tuple[int, ...] = sizes) -> int | None:
                return None if header[0] & 0x83 else sizes[header[0] >> 3 & 15]

            return Extent("amr", follow(source, len(magic), 1, length, budget))
    return None


def flash_video(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """FLV: tags, each with its length before and behind it."""
    if head[:4] != b"FLV\1" or big(head, 5) != 9:
        return None

    def length(header: bytes, _offset: int) -> int | None:
        known = len(header) == 11 and header[0] & 0xDF in (8, 9, 18)
        return 15 + big(header, 1, 3) if known else None

    return Extent("flash-video", follow(source, 13, 11, length, budget))


def transport_stream(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """MPEG-TS: packets of 188 bytes, each with its mark."""
    if len(head) < 2 * _PACKET or head[0] != 0x47 or head[_PACKET] != 0x47:
        return None
    # Texts may have the same letter twice; tables and stuffing hold what no text does.
    if not {0, 0xFF} & set(head[4:_PACKET]):
        return None

    def length(data: bytes, _offset: int) -> int | None:
        marks = data[::_PACKET]
        return _PACKET * (len(marks) - len(marks.lstrip(b"G"))) or None

    end = follow(source, 0, _PACKETS, length, budget)
    return Extent("mpeg-ts", end) if end >= 2 * _PACKET else None


def sphere(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """NIST's recordings of speech: a header of text with the number of samples."""
    found = _SPHERE.match(head)
    if found is None:
        return None
    start = int(found[1])
    fields = dict(_FIELD.findall(source.read_at(0, min(start, 1 << 16))))
    size = int(fields.get(b"sample_n_bytes", 2)) * int(fields.get(b"channel_count", 1))
    count = fields.get(b"sample_count")
    return None if count is None else Extent("sphere", start + int(count) * size)


def raw_film(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Films as frames one behind the other: YUV4MPEG2 and IVF."""
    if head[:6] == b"DKIF\0\0" and number(head, 6, 2) == 32:
        return Extent("ivf", follow(source, 32, 12, lambda h, _: 12 + number(h, 0), budget))
    found = _FRAMES.match(head)
    if found is None:
        return None
    fields = {part[:1]: part[1:] for part in found[1].split()}
    width, height = fields.get(b"W", b""), fields.get(b"H", b"")
    planes = re.match(rb"420|422|444|mono", fields.get(b"C", b"420"))
    if not width.isdigit() or not height.isdigit() or planes is None:
        return None
    times, of = _PLANES[planes[0]]
    size = int(width) * int(height) * times // of

    def length(header: bytes, _offset: int) -> int | None:
        line, newline, _ = header.partition(b"\n")
        return len(line) + 1 + size if newline and line.startswith(b"FRAME") else None

    return Extent("yuv4mpeg", follow(source, found.end(), 128, length, budget))


def blocks(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Creative's voice files and WavPack: blocks with lengths of their own."""
    if head[:20] == b"Creative Voice File\x1a":

        def voice(header: bytes, _offset: int) -> int | None:
            return 1 if not header[0] else 4 + number(header, 1, 3) if header[0] <= 9 else None

        return Extent("voc", follow(source, number(head, 20, 2), 4, voice, budget))
    if head[:4] != b"wvpk":
        return None

    def packed(header: bytes, _offset: int) -> int | None:
        return 8 + number(header, 4) if header[:4] == b"wvpk" else None

    return Extent("wavpack", follow(source, 0, 8, packed, budget))
