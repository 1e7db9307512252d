"""Reads the 512-byte headers of a tar archive, and the PAX records before them.

Layout of a header (POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar
Format")::

    0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8
    156 type 1 | 157 link name 100 | 257 magic 6 "ustar" and NUL or space | 263 version 2
    265 user 32 | 297 group 32 | 329 major 8 | 337 minor 8 | 345 prefix 155

    GNU type "S" instead of the prefix: 386 four pairs (offset 12, length 12) | 482 continued 1
    483 real size 12; a continuation block has 21 pairs and its flag at 504

Version 7 has no magic: only the checksum tells it. Numbers are octal text, or base-256 when the
first byte is 0x80 (0xff: negative, which is refused).
"""

from __future__ import annotations

import re
from typing import NamedTuple

BLOCK = 512
_OCTAL = re.compile(rb"[ \0]*([0-7]*)[ \0]*(?:\0.*)?\Z", re.DOTALL)
_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]{1,1024})=")
_TYPES = b"\x0001234567ALKSxXgDMNV"


class TarHeader(NamedTuple):
    """One header, its names as bytes; `size` is negative if the field says so."""

    name: bytes
    mode: int
    size: int
    kind: bytes
    link: bytes
    has_magic: bool
    block: bytes


class SparseMap(NamedTuple):
    """Where the bytes that are there belong in the expanded file."""

    segments: tuple[tuple[int, int], ...]
    size: int
    packed: int


def number(field: bytes) -> int | None:
    """Return the value of a numeric field, or None if it is no number."""
    if field[0] & 0x80:
        if field[0] not in (0x80, 0xFF):
            return None
        value = int.from_bytes(field[1:], "big")
        return value if field[0] == 0x80 else value - (1 << 8 * (len(field) - 1))
    match = _OCTAL.match(field)
    if match is None:
        text = field.split(b"\0")[0].strip()
        return -1 if text[:1] == b"-" and text[1:].isdigit() else None
    return int(match[1] or b"0", 8)


def parse_header(block: bytes) -> TarHeader | None:
    """Return the header in `block`, or None if its checksum or a needed number is wrong."""
    if len(block) < BLOCK:
        return None
    declared = number(block[148:156])
    if declared is None or declared <= 0:
        return None
    blank = block[:148] + b" " * 8 + block[156:512]
    unsigned = sum(blank)
    if declared != unsigned and declared != unsigned - 256 * sum(byte > 127 for byte in blank):
        return None
    size = number(block[124:136])
    if size is None:
        return None
    magic = block[257:262] == b"ustar"
    name = block[:100].split(b"\0")[0]
    kind = block[156:157]
    prefix = block[345:500].split(b"\0")[0]
    if prefix and block[257:263] == b"ustar\0" and kind not in b"LKS":
        name = prefix + b"/" + name
    link = block[157:257].split(b"\0")[0]
    return TarHeader(name, number(block[100:108]) or 0, size, kind, link, magic, block)


def looks_like_tar(head: bytes) -> bool:
    """Tell whether `head` begins with a header; without a magic it has to be all plausible."""
    header = parse_header(head[:BLOCK])
    if header is None or header.size < 0:
        return False
    if header.has_magic:
        return True
    numbers = (head[100:108], head[108:116], head[116:124], head[136:148])
    return (
        bool(header.name)
        and header.kind in _TYPES
        and all(number(field) is not None for field in numbers)
    )


def pax_records(body: bytes) -> tuple[list[tuple[str, bytes]], bool]:
    """Return the (key, value) records of a PAX header, and whether all of it was well formed."""
    records: list[tuple[str, bytes]] = []
    at, whole = 0, True
    while at < len(body) and body[at]:
        match = _RECORD.match(body, at)
        if match is None:
            return records, False
        end = at + int(match[1])
        if end > len(body) or end <= match.end():
            return records, False
        # tarfile does not ask whether the record really ends in a line feed.
        whole = whole and body[end - 1] == 0x0A
        records.append((match[2].decode("utf-8", "backslashreplace"), body[match.end() : end - 1]))
        at = end
    return records, whole


def decimal(value: bytes | None) -> int | None:
    """Return the decimal number in a PAX value, or None."""
    if value is None or not re.fullmatch(rb"\d{1,19}", value):
        return None
    return int(value)


def old_sparse_pairs(block: bytes, first: bool) -> tuple[list[tuple[int, int]], bool]:
    """Return the pairs in a header or continuation block, and whether another block follows."""
    start, count, flag = (386, 4, 482) if first else (0, 21, 504)
    pairs = []
    for index in range(count):
        at = start + 24 * index
        offset, length = number(block[at : at + 12]), number(block[at + 12 : at + 24])
        if offset is None or length is None or not block[at]:
            break
        pairs.append((offset, length))
    return pairs, bool(block[flag])


def sparse_map(pairs: list[tuple[int, int]], size: int) -> SparseMap | None:
    """Return the map, or None if its segments do not ascend."""
    reached = total = 0
    for offset, length in pairs:
        if offset < reached or length < 0:
            return None
        reached = offset + length
        total += length
    return SparseMap(tuple(pair for pair in pairs if pair[1]), size, total)
