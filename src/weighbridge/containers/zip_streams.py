"""Decodes the data of zip members, whatever their flags claim.

Methods (APPNOTE.TXT 4.4.5): 0 stored, 8 deflate, 12 bzip2, 14 LZMA (5.8.8), 93 and 20 zstd, 95 xz.
Flag bits 0, 5, 6 and 13 (4.4.4) announce encryption or patches. Python's zipfile stops at them
while other readers never look, so the data itself is asked whether it is plain.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from weighbridge.budget import Budget
from weighbridge.containers.codecs import CODECS, RAW_DEFLATE, Codec, lzma1_raw
from weighbridge.containers.inflate import InflatedSource, Spools
from weighbridge.errors import MalformedInput, ParseError, Unsupported
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

#: Encrypted, compressed patch data, strong encryption, masked local header.
FLAGS_REFUSED = 0x0001 | 0x0020 | 0x0040 | 0x2000
_PROBE = 32 << 10
_PROOF = 16

_METHODS: dict[int, Codec] = {
    8: RAW_DEFLATE,
    12: CODECS["bz2"],
    20: CODECS["zstd"],
    93: CODECS["zstd"],
    95: CODECS["xz"],
}
_NAMES = {
    1: "shrink", 6: "implode", 9: "deflate64", 10: "PKWARE implode", 16: "IBM CMPSC", 18: "TERSE",
    19: "LZ77", 94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES encryption",
}  # fmt: skip


class Packed(NamedTuple):
    """The data of a member, packed."""

    offset: int
    length: int
    method: int
    flags: int
    size: int | None
    crc: int


class Opener:
    """Makes the sources of one archive's members."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._spools = Spools()

    def open(self, packed: Packed) -> Source:
        """Return the decoded bytes; raises ParseError if the method cannot be read."""
        if packed.method == 0:
            return SliceSource(self._source, packed.offset, packed.length)
        return self.inflate(packed)

    def inflate(self, packed: Packed) -> InflatedSource:
        """Return the decoded bytes of a member that is not stored."""
        offset, length = packed.offset, packed.length
        codec = _METHODS.get(packed.method)
        if packed.method == 14:
            codec, offset, length = self._lzma(packed)
        if codec is None:
            name = _NAMES.get(packed.method, "unknown")
            code = "encrypted" if packed.method == 99 else "unsupported-method"
            raise Unsupported(code, f"method {packed.method} ({name}) cannot be read", offset)
        data = SliceSource(self._source, offset, length)
        return InflatedSource(data, codec, self._budget, packed.size, self._spools)

    def _lzma(self, packed: Packed) -> tuple[Codec, int, int]:
        head = self._source.read_at(packed.offset, 9)
        if len(head) < 9 or packed.length < 9 or head[2:4] != b"\5\0":
            raise MalformedInput("lzma-properties", "the LZMA header is invalid", packed.offset)
        return lzma1_raw(head[4:]), packed.offset + 9, packed.length - 9

    def open_flagged(self, packed: Packed) -> tuple[Source | None, bool]:
        """Open data that claims to be encrypted; also tell whether it is proven to be plain."""
        if packed.method == 0:
            return self.open(packed), False
        stream = self.inflate(packed)
        wanted = _PROBE if packed.size is None else min(_PROBE, packed.size)
        try:
            data = stream.read_at(0, wanted)
            whole = packed.size is not None and len(data) == packed.size
            plain = zlib.crc32(data) == packed.crc if whole else len(data) >= wanted
        except ParseError:
            plain = False
        if plain:
            return stream, True
        return (stream if stream.decoded >= min(_PROOF, max(wanted, 1)) else None), False
