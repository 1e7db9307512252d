"""The decoders behind compressed streams, all with the interface of `bz2.BZ2Decompressor`.

Layouts: RFC 1951 (deflate), RFC 1950 (zlib), RFC 1952 (gzip), bzip2, the .xz file format 1.2, the
LZMA-alone header (props, dictionary size, length), RFC 8878 (zstd), the lz4 frame format 1.6.
Packages that may be missing (lz4; backports.zstd before Python 3.14) are imported on first use.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from weighbridge.errors import LimitExceeded, MalformedInput, Unsupported

#: Dictionary or window a stream may ask for; `xz -9` and `zstd --long` stay within it.
WINDOW_LIMIT = 128 << 20
_HEADER_LIMIT = 1 << 20


class Decoder(Protocol):
    """One stream being decoded."""

    @property
    def eof(self) -> bool:
        """The end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """There is nothing more to give without more input."""

    @property
    def unused_data(self) -> bytes:
        """After the end: input that does not belong to the stream."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take in `data` and return at most `max_length` decoded bytes."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a kind of stream is decoded.

    Attributes:
        name: the kind.
        new: makes a decoder for one stream; raises Unsupported if a package is missing.
        again: tells from its first bytes whether another stream follows; None if none may.
        padding: zero bytes may stand between streams.
        skippable: the zstd and lz4 frames that decoders pass over may stand between streams.
        exact: the end is known only from the declared size.
    """

    name: str
    new: Callable[[], Decoder]
    again: Callable[[bytes], bool] | None = None
    padding: bool = False
    skippable: bool = False
    exact: bool = False


class ChecksumMismatch(MalformedInput):
    """The stream is complete, but its checksum or length field does not fit."""


class Deflate:
    """Deflate in one of its three wrappings, with the checksum kept apart from the data.

    zlib's own gzip and zlib modes drop the last output when the checksum is wrong, and loaders have
    acted on that output by then; so header and trailer are read here.
    """

    def __init__(self, wrapping: str) -> None:
        self._wrapping = wrapping
        self._inner = zlib.decompressobj(-15)
        self._state = "body" if wrapping == "raw" else "head"
        self._held = b""
        self._hungry = True
        self._check = 0 if wrapping == "gzip" else 1
        self._length = 0
        self.eof = False
        self.unused_data = b""

    @property
    def needs_input(self) -> bool:
        """See :class:`Decoder`."""
        return self._hungry and not self.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See :class:`Decoder`; a wrong checksum is raised in a call that has no output."""
        data, self._held = self._held + data, b""
        if self._state == "head":
            length = self._head_length(data)
            if length is None:
                self._held = data
                return b""
            data = data[length:]
            self._state = "body"
        if self._state == "body":
            output = self._inflate(data, max_length)
            if output or self._state == "body":
                return output
            data, self._held = self._held, b""
        self._finish(data)
        return b""

    def _inflate(self, data: bytes, max_length: int) -> bytes:
        output = self._inner.decompress(data, max_length)
        if self._inner.eof:
            self._state, self._held, self._hungry = "tail", self._inner.unused_data, False
        else:
            self._held = self._inner.unconsumed_tail
            self._hungry = not self._held and len(output) < max_length
        self._length += len(output)
        if self._wrapping == "gzip":
            self._check = zlib.crc32(output, self._check)
        elif self._wrapping == "zlib":
            self._check = zlib.adler32(output, self._check)
        return output

    def _head_length(self, data: bytes) -> int | None:
        if self._wrapping == "gzip":
            return _gzip_head(data)
        if len(data) < 2:
            return None
        if data[0] & 15 != 8 or data[1] & 32 or (data[0] << 8 | data[1]) % 31:
            raise MalformedInput("zlib-header", "this is no zlib header")
        return 2

    def _finish(self, data: bytes) -> None:
        length = {"raw": 0, "zlib": 4, "gzip": 8}[self._wrapping]
        if len(data) < length:
            self._held, self._hungry = data, True
            return
        self.eof = True
        self.unused_data = data[length:]
        if self._wrapping == "zlib":
            fits = data[:4] == struct.pack(">I", self._check)
        else:
            trailer = struct.pack("<II", self._check, self._length & 0xFFFFFFFF)
            fits = data[:length] == trailer[:length]
        if not fits:
            raise ChecksumMismatch("stream-checksum", "the checksum does not fit the data")


def _gzip_head(data: bytes) -> int | None:
    """Return the length of the gzip header, or None while it is incomplete."""
    if len(data) < 10:
        return None
    if data[:3] != b"\x1f\x8b\x08":
        raise MalformedInput("gzip-header", "this is no gzip header")
    flags, at = data[3], 10
    if flags & 4:
        if len(data) < at + 2:
            return None
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            end = data.find(b"\0", at)
            if end < 0:
                if len(data) > _HEADER_LIMIT:
                    raise MalformedInput("gzip-header", "the gzip header is over 1 MiB long")
                return None
            at = end + 1
    if flags & 2:
        at += 2
    return at if len(data) >= at else None


class Copy:
    """Hands its input on: the 7z coder "copy"."""

    def __init__(self) -> None:
        self._held = b""
        self.eof = False
        self.unused_data = b""

    @property
    def needs_input(self) -> bool:
        """See :class:`Decoder`."""
        return not self._held

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See :class:`Decoder`."""
        data = self._held + data
        self._held = data[max_length:]
        return data[:max_length]


class Filter:
    """A reversible filter (delta, branch conversion), undone by liblzma.

    liblzma runs a filter only in front of LZMA, and gives out the last bytes only once LZMA ends;
    so the input is dressed up as uncompressed LZMA2 chunks with an end mark after `total` bytes.
    """

    def __init__(self, filters: list[dict[str, int]], total: int) -> None:
        chain = [*filters, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
        self._inner = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
        self._left = total
        self._first = True
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        """See :class:`Decoder`."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """See :class:`Decoder`."""
        return self._inner.needs_input

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See :class:`Decoder`."""
        dressed = []
        self.unused_data += data[self._left :]
        data = data[: self._left]
        for at in range(0, len(data), 1 << 16):
            chunk = data[at : at + (1 << 16)]
            dressed.append(struct.pack(">BH", 1 if self._first else 2, len(chunk) - 1) + chunk)
            self._first = False
        if data or self._left == 0:
            self._left -= len(data)
            if self._left == 0:
                dressed.append(b"\0")
                self._left = -1
        return self._inner.decompress(b"".join(dressed), max_length)


def _zstd() -> Decoder:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise Unsupported("no-zstd", "reading zstd needs the package backports.zstd") from error
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
    return cast(Decoder, zstd.ZstdDecompressor(options=options))


def _lz4() -> Decoder:
    try:
        frame = importlib.import_module("lz4.frame")
    except ImportError as error:
        raise Unsupported("no-lz4", "reading lz4 needs the package lz4") from error
    return cast(Decoder, frame.LZ4FrameDecompressor())


def decoder_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions by which the decoders report damaged data."""
    found = [zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError]
    for name in ("compression.zstd", "backports.zstd"):
        module = sys.modules.get(name)
        if module is not None:
            found.append(module.ZstdError)
    return tuple(found)


def _xz() -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=WINDOW_LIMIT + (1 << 20))


def _lzma_alone() -> Decoder:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=WINDOW_LIMIT + (1 << 20))


def lzma1_raw(properties: bytes) -> Codec:
    """Return the codec of a bare LZMA stream (zip method 14, 7z) with its five property bytes."""
    if len(properties) < 5 or properties[0] >= 225:
        raise MalformedInput("lzma-properties", "the LZMA properties are invalid")
    window = int.from_bytes(properties[1:5], "little")
    _check_window(window)
    packed = properties[0]
    chain = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": max(window, 4096),
            "lc": packed % 9,
            "lp": packed // 9 % 5,
            "pb": packed // 45,
        }
    ]
    if packed % 9 + packed // 9 % 5 > 4:
        raise Unsupported("lzma-properties", "LZMA with lc + lp over 4 cannot be read")
    return Codec("lzma1", lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), exact=True)


def lzma2_raw(properties: bytes) -> Codec:
    """Return the codec of a bare LZMA2 stream (7z) with its property byte."""
    if len(properties) != 1 or properties[0] > 40:
        raise MalformedInput("lzma-properties", "the LZMA2 properties are invalid")
    packed = properties[0]
    window = 0xFFFFFFFF if packed == 40 else (2 | packed & 1) << (packed // 2 + 11)
    _check_window(window)
    chain = [{"id": lzma.FILTER_LZMA2, "dict_size": window}]
    return Codec("lzma2", lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain))


def filtered(name: str, identifier: int, total: int, distance: int | None = None) -> Codec:
    """Return the codec that undoes a filter over `total` bytes."""
    entry = {"id": identifier} if distance is None else {"id": identifier, "dist": distance}
    return Codec(name, lambda: Filter([entry], total))


def _check_window(window: int) -> None:
    if window > WINDOW_LIMIT:
        raise LimitExceeded("limit-dictionary", f"asks for a dictionary of {window} bytes")


def _bzip2_again(head: bytes) -> bool:
    return head[:3] == b"BZh" and head[3:4] in b"123456789"


RAW_DEFLATE = Codec("deflate", lambda: Deflate("raw"))
COPY = Codec("copy", Copy)

#: Every kind of stream that is recognised by its first bytes.
CODECS: dict[str, Codec] = {
    "gzip": Codec(
        "gzip", lambda: Deflate("gzip"), lambda head: head[:2] == b"\x1f\x8b", padding=True
    ),
    "zlib": Codec("zlib", lambda: Deflate("zlib")),
    "bz2": Codec("bz2", bz2.BZ2Decompressor, _bzip2_again),
    "xz": Codec("xz", _xz, lambda head: head[:6] == b"\xfd7zXZ\0", padding=True),
    "lzma": Codec("lzma", _lzma_alone),
    "zstd": Codec("zstd", _zstd, lambda head: head[:4] == b"\x28\xb5\x2f\xfd", skippable=True),
    "lz4": Codec("lz4", _lz4, lambda head: head[:4] == b"\x04\x22\x4d\x18", skippable=True),
}
