"""Molecules, genes, the sky and the weather.

XTC and TRR: GROMACS, xdrfile. DCD: CHARMM. MRC: MRC2014. BAM: SAM/BAM specification, 4.2. FITS 4.0:
3. GRIB: WMO 306, FM 92. BUFR: WMO 306, FM 94.
"""

from __future__ import annotations

import re
from math import prod

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import MOST_PARTS, Extent, big, follow, number
from weighbridge.sources.base import Source

_MRC_WIDTHS = {0: 1, 1: 2, 2: 4, 3: 4, 4: 8, 6: 2, 12: 2}
_CARD, _UNIT = 80, 2880
_MOST_CARDS = 36 * 1000
_AXIS = re.compile(rb"(BITPIX|NAXIS\d{0,3}|GCOUNT|PCOUNT) *= *(-?\d{1,18})")


def mrc(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A volume of electron microscopy; its mark stands at 208."""
    read = {b"\x44\x44": number, b"\x44\x41": number, b"\x11\x11": big}.get(head[212:214])
    if head[208:212] != b"MAP " or read is None:
        return None
    width = _MRC_WIDTHS.get(read(head, 12))
    if width is None:
        return None
    return Extent("mrc", 1024 + read(head, 92) + width * prod(read(head, n) for n in (0, 4, 8)))


def bam(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Aligned reads, without their compression: a text, the references, and the reads."""
    if head[:4] != b"BAM\1":
        return None
    at = 8 + number(head, 4)
    count = number(source.read_at(at, 4), 0)
    at += 4
    for _ in range(min(count, MOST_PARTS)):
        budget.check_time()
        at += 8 + number(source.read_at(at, 4), 0)
        if at > source.size:
            return Extent("bam", at)

    def length(header: bytes, _offset: int) -> int | None:
        return 4 + number(header, 0) if len(header) == 4 and number(header, 0) >= 32 else None

    return Extent("bam", follow(source, at, 4, length, budget))


def trajectories(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Molecules in motion: XTC and TRR of GROMACS, and DCD."""
    if big(head, 0) == 1995 and big(head, 4) < 1 << 30:
        return Extent("xtc", follow(source, 0, 92, _xtc_frame, budget))
    if big(head, 0) == 1993 and head[12:24] == b"GMX_trn_file":
        return Extent("trr", follow(source, 0, 84, _trr_frame, budget))
    if number(head, 0) == 84 and head[4:8] in (b"CORD", b"VELD"):

        def record(header: bytes, offset: int) -> int | None:
            size = number(header, 0)
            whole = source.read_at(offset + 4 + size, 4) == header
            return 8 + size if whole and len(header) == 4 else None

        return Extent("dcd", follow(source, 0, 4, record, budget))
    return None


def _xtc_frame(header: bytes, _offset: int) -> int | None:
    atoms = big(header, 4)
    if big(header, 0) != 1995 or len(header) < 56 or big(header, 52) != atoms:
        return None
    if atoms <= 9:
        return 56 + 12 * atoms
    size = big(header, 88)
    return 92 + size + -size % 4


def _trr_frame(header: bytes, _offset: int) -> int | None:
    if big(header, 0) != 1993 or len(header) < 84:
        return None
    sizes = [big(header, 24 + 4 * n) for n in range(10)]
    atoms = big(header, 64)
    vectors = max(sizes[7:10])
    width = vectors // (3 * atoms) if atoms and vectors else sizes[2] // 9 if sizes[2] else 4
    return 76 + 2 * width + sum(sizes) if width in (4, 8) else None


def fits(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Pictures and tables of the sky: a header of cards, and numbers, in units of 2880 bytes."""
    if not re.match(rb"SIMPLE  = {1,21}T ", head):
        return None

    def length(card: bytes, offset: int) -> int | None:
        if offset and card[:8] != b"XTENSION":
            return None
        return _fits_unit(source, offset, budget)

    return Extent("fits", follow(source, 0, 8, length, budget))


def _fits_unit(source: Source, start: int, budget: Budget) -> int | None:
    fields: dict[bytes, int] = {}
    for at in range(0, _CARD * _MOST_CARDS, _UNIT):
        budget.check_time()
        cards = source.read_at(start + at, _UNIT)
        if len(cards) < _UNIT:
            return None
        for place in range(0, _UNIT, _CARD):
            card = cards[place : place + _CARD]
            if card[:8] == b"END     ":
                return at + _UNIT + _fits_data(fields)
            found = _AXIS.match(card)
            if found is not None:
                fields[found[1]] = int(found[2])
    return None


def _fits_data(fields: dict[bytes, int]) -> int:
    axes = [fields.get(b"NAXIS%d" % n, 0) for n in range(1, min(fields.get(b"NAXIS", 0), 999) + 1)]
    if not axes or any(axis < 0 for axis in axes):
        return 0
    count = fields.get(b"GCOUNT", 1) * (fields.get(b"PCOUNT", 0) + prod(axes))
    size = max(0, abs(fields.get(b"BITPIX", 8)) // 8 * count)
    return size + -size % _UNIT


def weather(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """GRIB and BUFR: messages that state their lengths."""
    if head[:4] not in (b"GRIB", b"BUFR"):
        return None
    name = head[:4]

    def length(header: bytes, offset: int) -> int | None:
        if header[:4] != name or len(header) < 16:
            return None
        size = big(header, 8, 8) if name == b"GRIB" and header[7] == 2 else big(header, 4, 3)
        whole = size >= len(header) and source.read_at(offset + size - 4, 4) == b"7777"
        return size if whole else None

    return Extent(name.decode().lower(), follow(source, 0, 16, length, budget))
