"""Decodes the folders of a 7z archive: chains of coders (Methods.txt of the LZMA SDK).

Copy, LZMA, LZMA2, bzip2, deflate and zstd are decoded, delta and the branch filters undone.
Everything else, and coders with several inputs (BCJ2), is Unsupported by name.
"""

from __future__ import annotations

import lzma

from weighbridge.budget import Budget
from weighbridge.containers.codecs import (
    CODECS,
    COPY,
    RAW_DEFLATE,
    Codec,
    Decoder,
    filtered,
    lzma1_raw,
    lzma2_raw,
)
from weighbridge.containers.inflate import InflatedSource, Spools
from weighbridge.containers.sevenzip_headers import Coder, Folder, Streams
from weighbridge.errors import MalformedInput, Unsupported
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

_STEP = 64 << 10
_ENCRYPTION = bytes.fromhex("06f10701")
_LZMA, _LZMA2, _DELTA = b"\x03\x01\x01", b"\x21", b"\x03"
_COPY = b"\x00"
_PLAIN = {
    _COPY: COPY,
    bytes.fromhex("040108"): RAW_DEFLATE,
    bytes.fromhex("040202"): CODECS["bz2"],
    bytes.fromhex("04f71101"): CODECS["zstd"],
}
_BRANCH = {
    b"\x04": lzma.FILTER_X86,
    b"\x05": lzma.FILTER_POWERPC,
    b"\x06": lzma.FILTER_IA64,
    b"\x07": lzma.FILTER_ARM,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\x09": lzma.FILTER_SPARC,
    bytes.fromhex("03030103"): lzma.FILTER_X86,
    bytes.fromhex("03030205"): lzma.FILTER_POWERPC,
    bytes.fromhex("03030401"): lzma.FILTER_IA64,
    bytes.fromhex("03030501"): lzma.FILTER_ARM,
    bytes.fromhex("03030701"): lzma.FILTER_ARMTHUMB,
    bytes.fromhex("03030805"): lzma.FILTER_SPARC,
}
_NAMES = {
    _ENCRYPTION: "AES encryption",
    bytes.fromhex("0303011b"): "BCJ2",
    bytes.fromhex("030401"): "PPMd",
    bytes.fromhex("040109"): "Deflate64",
    bytes.fromhex("04f71102"): "Brotli",
    bytes.fromhex("04f71104"): "LZ4",
    b"\x0a": "ARM64",
    b"\x0b": "RISCV",
}


class Chain:
    """Decoders one behind the other, as one decoder; each gives at most its declared size."""

    def __init__(self, stages: list[tuple[Codec, int]]) -> None:
        self._stages: list[Decoder] = [codec.new() for codec, _ in stages]
        self._left = [size for _, size in stages]
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        """See :class:`Decoder`."""
        return self._stages[-1].eof or self._left[-1] == 0

    @property
    def needs_input(self) -> bool:
        """See :class:`Decoder`."""
        return all(self._is_hungry(index) for index in range(len(self._stages)))

    def _is_hungry(self, index: int) -> bool:
        stage = self._stages[index]
        return stage.eof or self._left[index] == 0 or stage.needs_input

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See :class:`Decoder`; one pass from the last stage that still has something to give."""
        last = len(self._stages) - 1
        first = 0
        if not data:
            first = max((i for i in range(last + 1) if not self._is_hungry(i)), default=0)
        for index in range(first, last + 1):
            stage, left = self._stages[index], self._left[index]
            limit = min(max_length if index == last else _STEP, left)
            if stage.eof or limit == 0:
                return b""
            data = stage.decompress(data, limit)
            self._left[index] -= len(data)
            if not data:
                return b""
        return data


class FolderOpener:
    """Makes the sources of the folders of one archive."""

    def __init__(self, source: Source, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._spools = Spools()

    def open(self, folder: Folder, streams: Streams, first: int) -> tuple[Source, int, int]:
        """Return a folder's bytes, and where its packed stream, number `first`, is and how long.

        Raises:
            Unsupported: a coder cannot be read.
            MalformedInput: the coders do not form a chain.
            LimitExceeded: a dictionary is too large.
        """
        for coder in folder.coders:
            _refuse_unknown(coder)
        if first >= len(streams.packed):
            raise MalformedInput("7z-folder", "a folder's packed stream is missing")
        start = streams.starts[first]
        length = streams.packed[first]
        packed = SliceSource(self._source, start, length)
        order = _order(folder)
        if [folder.coders[index].identifier for index in order] == [_COPY]:
            return packed, start, length
        stages = [
            (_codec(folder.coders[index], folder.sizes[index]), folder.sizes[index])
            for index in order
        ]
        codec = Codec("7z", lambda: Chain(stages), exact=True)
        size = folder.unpacked()
        stream = InflatedSource(packed, codec, self._budget, size, self._spools)
        return stream, start, length


def _refuse_unknown(coder: Coder) -> None:
    known = coder.identifier in (_LZMA, _LZMA2, _DELTA, *_PLAIN, *_BRANCH)
    if known and coder.inputs == 1 and coder.outputs == 1:
        return
    name = _NAMES.get(coder.identifier, coder.identifier.hex() or "none")
    code = "encrypted" if coder.identifier == _ENCRYPTION else "unsupported-method"
    raise Unsupported(code, f"the 7z coder {name} cannot be read")


def _order(folder: Folder) -> list[int]:
    """Return the coders from the packed stream to the final output."""
    count = len(folder.coders)
    if len(folder.sizes) != count or len(folder.packed) != 1:
        raise MalformedInput("7z-folder", "the coders of a folder form no chain")
    feeds = {output: taken for taken, output in folder.pairs}
    order: list[int] = []
    current: int | None = folder.packed[0]
    while current is not None and len(order) < count:
        if current >= count or current in order:
            break
        order.append(current)
        current = feeds.get(current)
    if current is not None or len(order) != count:
        raise MalformedInput("7z-folder", "the coders of a folder form no chain")
    return order


def _codec(coder: Coder, size: int) -> Codec:
    if coder.identifier == _LZMA:
        return lzma1_raw(coder.properties)
    if coder.identifier == _LZMA2:
        return lzma2_raw(coder.properties)
    if coder.identifier == _DELTA:
        distance = coder.properties[0] + 1 if coder.properties else 1
        return filtered("delta", lzma.FILTER_DELTA, size, distance)
    if coder.identifier in _BRANCH:
        return filtered("branch", _BRANCH[coder.identifier], size)
    return _PLAIN[coder.identifier]
