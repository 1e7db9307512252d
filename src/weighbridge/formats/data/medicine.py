"""Scans of bodies, and signals of nerves.

DICOM: PS3.5, 7 and PS3.10, 7. NIfTI 1 and 2: their headers. EDF and BDF: Kemp 1992, BioSemi. NRRD:
its format definition. MetaImage: ITK.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big, follow, number
from weighbridge.sources.base import Source

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_OPEN = 0xFFFFFFFF
_IMPLICIT, _BIG, _DEFLATED = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99"
_NRRD_WIDTHS = {
    b"uchar": 1, b"unsigned char": 1, b"uint8": 1, b"uint8_t": 1, b"signed char": 1, b"int8": 1,
    b"short": 2, b"int16": 2, b"ushort": 2, b"unsigned short": 2, b"uint16": 2, b"int": 4,
    b"int32": 4, b"uint": 4, b"unsigned int": 4, b"uint32": 4, b"float": 4, b"double": 8,
}  # fmt: skip
_META_WIDTHS = {
    b"MET_UCHAR": 1, b"MET_CHAR": 1, b"MET_SHORT": 2, b"MET_USHORT": 2, b"MET_INT": 4,
    b"MET_UINT": 4, b"MET_FLOAT": 4, b"MET_DOUBLE": 8,
}  # fmt: skip
_HEADER = 1 << 16
_META_STARTS = (b"ObjectType", b"NDims = 3\n", b"NDims = 2\n")


def dicom(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Elements with tag and length; sequences without a length are entered, all else is skipped."""
    if head[128:132] != b"DICM":
        return None
    syntax = b""

    def explicit(header: bytes, read: Callable[..., int]) -> tuple[int, int] | None:
        kind = header[4:6]
        if len(header) < 8 or not kind.isalpha() or not kind.isupper():
            return None
        return (12, read(header, 8)) if kind in _LONG else (8, read(header, 6, 2))

    def length(header: bytes, offset: int) -> int | None:
        nonlocal syntax
        meta = header[:2] == b"\2\0"
        read = big if syntax == _BIG and not meta else number
        group = read(header, 0, 2)
        if group == 0xFFFE or (syntax == _IMPLICIT and not meta):
            if len(header) < 8 or not group:
                return None
            found: tuple[int, int] | None = (8, read(header, 4))
        else:
            found = explicit(header, read)
        if found is None:
            return None
        if meta and number(header, 2, 2) == 0x10:
            syntax = source.read_at(offset + 8, min(found[1], 64)).rstrip(b"\0 ")
        if syntax == _DEFLATED and not meta:
            return source.size - offset
        return found[0] + (0 if found[1] == _OPEN else found[1])

    return Extent("dicom", follow(source, 132, 12, length, budget))


def nifti(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A volume behind a header that says where it begins; or the header of one beside it."""
    for read in (number, big):
        if read(head, 0) == 348 and head[344:348] in (b"n+1\0", b"ni1\0"):
            sizes = [read(head, 40 + 2 * n, 2) for n in range(8)]
            start, bits = _float(head, 108, read), read(head, 72, 2)
        elif read(head, 0) == 540 and head[4:8] in (b"n+2\0", b"ni2\0"):
            sizes = [read(head, 16 + 8 * n, 8) for n in range(8)]
            start, bits = read(head, 168, 8), read(head, 14, 2)
        else:
            continue
        if head[4:6] == b"ni" or head[344:346] == b"ni":
            return Extent("nifti", min(source.size, read(head, 0) + 4))
        if not 1 <= sizes[0] <= 7 or bits % 8:
            return None
        return Extent("nifti", start + prod(sizes[1 : 1 + sizes[0]]) * (bits // 8))
    return None


def _float(data: bytes, at: int, read: Callable[..., int]) -> int:
    """Return a whole number that is kept as a float of 32 bits, by its parts."""
    bits = read(data, at)
    exponent = max(-63, min((bits >> 23 & 0xFF) - 150, 63))
    whole = bits & 0x7FFFFF | 0x800000
    return whole << exponent if exponent >= 0 else whole >> -exponent


def edf(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """EDF and BDF: signals in records; the header is of digits."""
    width = 2 if head[:8] == b"0       " else 3 if head[:8] == b"\xffBIOSEMI" else 0
    fields = [head[at : at + size].strip() for at, size in ((184, 8), (236, 8), (252, 4))]
    if not width or not all(field.isdigit() for field in fields):
        return None
    start, records, signals = map(int, fields)
    if start != 256 * (signals + 1) or signals > 4096:
        return None
    counts = source.read_at(256 + 216 * signals, 8 * signals)
    samples = [counts[at : at + 8].strip() for at in range(0, len(counts), 8)]
    if len(samples) < signals or not all(one.isdigit() for one in samples):
        return None
    return Extent("edf", start + records * width * sum(map(int, samples)))


def volumes(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """NRRD and MetaImage that hold their numbers themselves, without compression."""
    text = (
        source.read_at(0, _HEADER) if head[:7] == b"NRRD000" or head[:10] in _META_STARTS else b""
    )
    if text[:4] == b"NRRD":
        header, blank, _ = text.partition(b"\n\n")
        fields = dict(re.findall(rb"(?m)^([a-z ]{4,20}): ([^\n]{1,200})$", header))
        sizes, width = fields.get(b"sizes", b"").split(), _NRRD_WIDTHS.get(fields.get(b"type", b""))
        if fields.get(b"encoding") != b"raw" or b"data file" in fields or not blank:
            return None
        name, start = "nrrd", len(header) + 2
    else:
        found = re.search(rb"(?m)^ElementDataFile = LOCAL\r?\n", text)
        if found is None:
            return None
        fields = dict(re.findall(rb"(?m)^(\w{4,40}) = ([^\r\n]{1,200})\r?$", text[: found.end()]))
        sizes, width = (
            fields.get(b"DimSize", b"").split(),
            _META_WIDTHS.get(fields.get(b"ElementType", b"")),
        )
        channels = fields.get(b"ElementNumberOfChannels", b"1")
        sizes = [*sizes, channels]
        name, start = "metaimage", found.end()
        packed = fields.get(b"CompressedDataSize", b"")
        if fields.get(b"CompressedData") == b"True":
            return Extent(name, start + int(packed)) if packed.isdigit() else None
    if width is None or not sizes or not all(size.isdigit() and len(size) < 12 for size in sizes):
        return None
    return Extent(name, start + width * prod(map(int, sizes)))
