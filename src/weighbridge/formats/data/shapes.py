"""Shapes in three dimensions, and maps.

glTF 2.0: 4.4, GLB. STL: 3D Systems, the binary form. PLY: Turk 1994. PCD: Point Cloud Library 0.7.
LAS 1.4: ASPRS, 2. Shapefile: ESRI technical description. dBASE: table file structure, level 5. VOX:
MagicaVoxel. 3DS: Autodesk, chunk 0x4D4D.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import MOST_PARTS, Extent, big, number
from weighbridge.sources.base import Source

_HEADER = 1 << 16
_PLY_WIDTHS = {
    b"char": 1, b"uchar": 1, b"int8": 1, b"uint8": 1, b"short": 2, b"ushort": 2, b"int16": 2,
    b"uint16": 2, b"int": 4, b"uint": 4, b"int32": 4, b"uint32": 4, b"float": 4, b"float32": 4,
    b"double": 8, b"float64": 8,
}  # fmt: skip
_PLY = re.compile(rb"ply\r?\nformat binary_(little|big)_endian 1\.0\r?\n")
_END = re.compile(rb"\nend_header\r?\n")
_PCD = re.compile(rb"(?m)^(SIZE|COUNT|WIDTH|HEIGHT|POINTS) ([\d ]{1,400})\r?$")
_PCD_DATA = re.compile(rb"\nDATA (binary|binary_compressed)\r?\n")
_EVLR = 60


def glb(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """A scene of glTF with its buffers: one length for the whole."""
    known = head[:4] == b"glTF" and number(head, 4) in (1, 2) and head[16:20] == b"JSON"
    return Extent("glb", number(head, 8)) if known else None


def stl(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Triangles of 50 bytes; there is no mark, so their number has to fill the file exactly."""
    count = number(head, 80)
    return Extent("stl", source.size) if count and 84 + 50 * count == source.size else None


@dataclass(slots=True)
class _Element:
    """Rows of one kind: bytes that each has at least, and the widths of its lists."""

    count: int
    fixed: int
    lists: list[tuple[int, int]]


def ply(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Points and faces: a header of text names the columns."""
    start = _PLY.match(head)
    if start is None:
        return None
    text = source.read_at(0, _HEADER)
    end = _END.search(text)
    elements = _ply_elements(text[: end.start()]) if end is not None else None
    if end is None or elements is None:
        return None
    at, read = end.end(), number if start[1] == b"little" else big
    for element in elements:
        if element.lists and element.count > MOST_PARTS:
            return None
        at += element.count * element.fixed if not element.lists else 0
        for row in range(element.count if element.lists else 0):
            if not row % 4096:
                budget.check_time()
            at += element.fixed
            for width, each in element.lists:
                at += width + each * read(source.read_at(at, width), 0, width)
            if at > source.size:
                return Extent("ply", at)
    return Extent("ply", at)


def _ply_elements(header: bytes) -> list[_Element] | None:
    """Return the kinds of rows. A list that stands before other columns is not told apart."""
    found: list[_Element] = []
    for line in header.splitlines()[2:]:
        words = line.split()
        if words[:1] == [b"element"] and len(words) == 3 and words[2].isdigit():
            found.append(_Element(int(words[2][:12]), 0, []))
        elif words[:2] == [b"property", b"list"] and len(words) == 5 and found:
            widths = [_PLY_WIDTHS.get(word, 0) for word in words[2:4]]
            if not all(widths):
                return None
            found[-1].lists.append((widths[0], widths[1]))
        elif words[:1] == [b"property"] and len(words) == 3 and found:
            width = _PLY_WIDTHS.get(words[1])
            if width is None or found[-1].lists:
                return None
            found[-1].fixed += width
        elif words[:1] not in ([b"comment"], [b"obj_info"], []):
            return None
    return found


def pcd(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Clouds of points: a header of text, and rows of the sizes that it gives."""
    if not head.startswith((b"# .PCD v", b"VERSION 0.7", b"VERSION .7")):
        return None
    text = source.read_at(0, 1 << 13)
    data = _PCD_DATA.search(text)
    if data is None:
        return None
    fields = {
        key: [int(n[:12]) for n in row.split()] for key, row in _PCD.findall(text[: data.start()])
    }
    if data[1] == b"binary_compressed":
        return Extent("pcd", data.end() + 8 + number(source.read_at(data.end(), 4), 0))
    sizes = fields.get(b"SIZE", [])
    counts = fields.get(b"COUNT") or [1] * len(sizes)
    width = sum(size * count for size, count in zip(sizes, counts, strict=False))
    points = (fields.get(b"POINTS") or [0])[0]
    return Extent("pcd", data.end() + points * width) if width else None


def las(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Laser scans: points of one size, and records behind them. LAZ packs them, and is not read."""
    if (
        head[:4] != b"LASF"
        or len(head) < 227
        or head[24] != 1
        or head[104] & 0xC0
        or number(head, 94, 2) < 227
    ):
        return None
    later = head[25] >= 4
    count = number(head, 247, 8) if later else number(head, 107)
    at = number(head, 96) + count * number(head, 105, 2)
    if later and number(head, 243) and number(head, 235, 8) == at:
        return Extent("las", _las_records(source, at, number(head, 243), budget))
    return Extent("las", at)


def _las_records(source: Source, at: int, count: int, budget: Budget) -> int:
    for _ in range(min(count, MOST_PARTS)):
        budget.check_time()
        at += _EVLR + number(source.read_at(at + 20, 8), 0, 8)
        if at > source.size:
            break
    return at


def shapefile(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Shapes of a map and their index: the length in words of two bytes."""
    known = big(head, 0) == 9994 and not any(head[4:24]) and number(head, 28) == 1000
    return Extent("shapefile", 2 * big(head, 24)) if known else None


def dbase(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """The table beside a map: fields of 32 bytes, and rows of one size."""
    if len(head) < 65 or head[0] not in (0x03, 0x83, 0x8B, 0x30) or not 1 <= head[2] <= 12:
        return None
    rows, start, width = number(head, 4), number(head, 8, 2), number(head, 10, 2)
    fields = source.read_at(32, max(0, start - 32))
    count = fields.find(b"\r") // 32
    if head[3] > 31 or count < 1 or fields[32 * count : 32 * count + 1] != b"\r":
        return None
    widths = (fields[32 * n + 16] for n in range(count))
    named = all(fields[32 * n + 11 : 32 * n + 12].isalpha() for n in range(count))
    if not named or sum(widths) + 1 != width:
        return None
    end = start + rows * width
    return Extent("dbase", end + (source.read_at(end, 1) == b"\x1a"))


def scenes(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Voxels of MagicaVoxel and scenes of 3D Studio: a main chunk with all others in it."""
    if head[:4] == b"VOX " and head[8:12] == b"MAIN":
        return Extent("voxels", 20 + number(head, 12) + number(head, 16))
    known = head[:2] == b"\x4d\x4d" and head[6:8] in (b"\2\0", b"\x3d\x3d")
    return Extent("3d-studio", number(head, 2)) if known else None
