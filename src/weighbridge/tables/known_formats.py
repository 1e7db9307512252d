"""Kinds of files that are told by their first bytes and not read, and what that would need."""

from dataclasses import dataclass
from functools import cache

from weighbridge.tables.reader import rows


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """One signature.

    Attributes:
        offset: where it stands, in bytes from the start of the file, or below nought from its end.
        magic: the signature.
        need: what a judgement of such a file would need.
    """

    name: str
    offset: int
    magic: bytes
    need: str
    source: str


@cache
def known_formats() -> tuple[KnownFormat, ...]:
    """Return all signatures, the longest first, for the more exact one decides."""
    found = (
        KnownFormat(name, int(offset), bytes.fromhex(magic), need, source)
        for name, offset, magic, need, source in rows("known_formats.tsv", *KnownFormat.__slots__)
    )
    return tuple(sorted(found, key=lambda one: -len(one.magic)))
