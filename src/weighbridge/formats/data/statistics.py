"""Arrays and tables of programs for statistics.

IDX: LeCun, the MNIST files. MAT 4: MATLAB MAT-file format, level 4. Stata: dta format 117 to 119,
help dta. SAS: sas7bdat as Shotwell describes it; TS-140, the transport format.
"""

from __future__ import annotations

from math import prod

from weighbridge.budget import Budget
from weighbridge.formats.data.extent import Extent, big, follow, number
from weighbridge.sources.base import Source

_IDX_WIDTHS = {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}
_MAT_WIDTHS = {0: 8, 1: 4, 2: 4, 3: 2, 4: 2, 5: 1}
_STATA = b"<stata_dta><header><release>"
_STATA_END = b"</stata_dta>"
_SAS = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
_TRANSPORT = b"HEADER RECORD*******LIB"


def idx(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """MNIST and its kin: a type, a number of dimensions, sizes, and exactly so many numbers."""
    if head[:2] != b"\0\0" or len(head) < 8 or head[2] not in _IDX_WIDTHS or not 1 <= head[3] <= 8:
        return None
    sizes = [big(head, 4 + 4 * n) for n in range(head[3])]
    end = 4 + 4 * head[3] + _IDX_WIDTHS[head[2]] * prod(sizes)
    return Extent("idx", end) if end == source.size or all(0 < n < 1 << 24 for n in sizes) else None


def matlab4(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Matrices behind headers of five numbers; there is no mark, so they have to end exactly."""

    def length(header: bytes, _offset: int = 0) -> int | None:
        kind, rows, columns, imaginary, name = (number(header, 4 * n) for n in range(5))
        thousands, rest = divmod(kind, 1000)
        width = _MAT_WIDTHS.get(rest // 10)
        plausible = thousands == 0 and rest // 100 == 0 and rest % 10 <= 2 and imaginary in (0, 1)
        if len(header) < 20 or width is None or not plausible or not 1 < name <= 256:
            return None
        return 20 + name + width * rows * columns * (1 + imaginary)

    name = head[20 : 19 + number(head, 16)]
    if length(head) is None or not name.isascii() or not name.decode("ascii").isidentifier():
        return None
    return Extent("matlab", follow(source, 0, 20, length, budget))


def stata(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Tables of Stata 13 and later: a map of the file that gives its end too."""
    if not head.startswith(_STATA):
        return None
    at = head.find(b"<map>")
    read = number if b"<byteorder>LSF" in head else big
    if at < 0:
        return None
    end = read(source.read_at(at + 5 + 8 * 13, 8), 0, 8)
    whole = source.read_at(max(0, end - len(_STATA_END)), len(_STATA_END)) == _STATA_END
    return Extent("stata", end if whole else source.size + 1)


def sas(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Tables of SAS: a header and pages of one size; and the transport form, in cards of 80."""
    if head.startswith(_TRANSPORT) and head[80 - 32 : 80].isascii() and source.size >= 240:
        return Extent("sas-transport", source.size - source.size % 80)
    if not head.startswith(_SAS) or len(head) < 300:
        return None
    wide, shift = head[32:33] == b"3", 4 if head[35:36] == b"3" else 0
    read = number if head[37] == 1 else big
    pages = read(head, 204 + shift, 8 if wide else 4)
    return Extent("sas", read(head, 196 + shift) + pages * read(head, 200 + shift))
