"""Recognises compressed streams by their first bytes and opens them.

===========  =============================================================  ====================
kind         first bytes                                                    specification
===========  =============================================================  ====================
gzip         1f 8b 08                                                       RFC 1952
zlib         78 01 | 78 5e | 78 9c | 78 da, and what follows inflates       RFC 1950
bz2          "BZh" 1-9, then the magic of a block or of the end             bzip2
xz           fd "7zXZ" 00                                                   .xz file format 1.2
lzma         5d 00 00, plausible length, 00                                 lzma-file-format.txt
zstd         28 b5 2f fd, or skippable frames (5x 2a 4d 18) and then that   RFC 8878
lz4          04 22 4d 18, or skippable frames and then that                 lz4_Frame_format.md
joblib-zf    "ZF", the length as 19 characters "0x…", then zlib             joblib before 0.10
===========  =============================================================  ====================
"""

from __future__ import annotations

import re
import zlib

from weighbridge.budget import Budget
from weighbridge.containers.codecs import CODECS
from weighbridge.containers.inflate import InflatedSource
from weighbridge.errors import Unsupported
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

#: Bytes of the head that :func:`recognise` makes use of.
HEAD = 4096

_ZF_HEADER = 2 + len("0x10000000000000000")
_ZF = re.compile(rb"ZF0x[0-9a-f]{1,16}L? *\Z")
_BZIP2 = re.compile(rb"BZh[1-9](?:\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)")
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)
_SKIPPED_FRAMES = 10_000


def recognise(head: bytes) -> str | None:
    """Return the kind of the compressed stream that begins with `head`, or None."""
    magic = head[:4]
    if magic[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if head[:6] == b"\xfd7zXZ\0":
        return "xz"
    if _BZIP2.match(head):
        return "bz2"
    if magic == b"\x28\xb5\x2f\xfd":
        return "zstd"
    if magic == b"\x04\x22\x4d\x18":
        return "lz4"
    if _SKIPPABLE.match(head):
        return _after_skippable(head)
    if magic[:3] == b"\x5d\0\0" and _is_lzma_alone(head):
        return "lzma"
    if _ZF.match(head[:_ZF_HEADER]):
        return "joblib-zf"
    if magic[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda") and _is_zlib(head):
        return "zlib"
    return None


def open_stream(kind: str, source: Source, budget: Budget) -> InflatedSource:
    """Return the decoded bytes of `source`, which was recognised as `kind`.

    Raises:
        Unsupported: the kind is not known, or the package that decodes it is missing.
    """
    if kind == "joblib-zf":
        return _open_zf(source, budget)
    if kind in ("zstd", "lz4"):
        kind = _first_real_frame(source, kind)
    codec = CODECS.get(kind)
    if codec is None:
        raise Unsupported("unknown-stream", f"no decoder for {kind!r}")
    return InflatedSource(source, codec, budget)


def _is_lzma_alone(head: bytes) -> bool:
    """The length is unknown (all ones) or below 256 GiB, as xz wants it; the data begins with 0."""
    if len(head) < 14:
        return False
    length = int.from_bytes(head[5:13], "little")
    window = int.from_bytes(head[1:5], "little")
    return head[13] == 0 and window > 0 and (length == (1 << 64) - 1 or length < 1 << 38)


def _is_zlib(head: bytes) -> bool:
    """Two bytes prove little: some of what follows must inflate, and text must do so entirely."""
    decoder = zlib.decompressobj()
    produced = 0
    failed = False
    for at in range(len(head)):
        try:
            produced += len(decoder.decompress(head[at : at + 1]))
        except zlib.error:
            failed = True
            break
        if decoder.eof or produced > 4096:
            return True
    printable = head.isascii() and head[1:].decode("ascii").isprintable()
    if printable:
        return not failed and len(head) >= 64
    return produced >= 16 if failed else produced > 0 or len(head) > 2


def _after_skippable(head: bytes) -> str:
    """lz4 shares its skippable frames with zstd; the first real frame decides."""
    at = 0
    while _SKIPPABLE.match(head, at) and at + 8 <= len(head):
        at += 8 + int.from_bytes(head[at + 4 : at + 8], "little")
    return "lz4" if head[at : at + 4] == b"\x04\x22\x4d\x18" else "zstd"


def _first_real_frame(source: Source, kind: str) -> str:
    at = 0
    for _ in range(_SKIPPED_FRAMES):
        head = source.read_at(at, 8)
        if len(head) < 8 or not _SKIPPABLE.match(head):
            return {b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}.get(head[:4], kind)
        at += 8 + int.from_bytes(head[4:], "little")
    return kind


def _open_zf(source: Source, budget: Budget) -> InflatedSource:
    """Open joblib's old header; Python 2 wrote one more space in front of the zlib stream."""
    start = _ZF_HEADER
    if source.read_at(start, 1) == b" ":
        start += 1
    body = SliceSource(source, start, source.size - start)
    inflated = InflatedSource(body, CODECS["zlib"], budget)
    inflated.ahead = start
    return inflated
