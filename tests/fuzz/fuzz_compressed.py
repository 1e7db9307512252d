"""Fuzzes compressed streams: ``python tests/fuzz/fuzz_compressed.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """One stream of each kind that the standard library writes, and two of them in a row."""
    import bz2
    import gzip
    import lzma
    import zlib

    plain = b"some text, " * 30
    return [
        gzip.compress(plain, mtime=0) * 2,
        zlib.compress(plain),
        bz2.compress(plain),
        lzma.compress(plain),
        lzma.compress(plain, lzma.FORMAT_ALONE),
        b"ZF0x14a" + b" " * 14 + zlib.compress(plain),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.containers.compressed import HEAD, open_stream, recognise
    from weighbridge.errors import ParseError
    from weighbridge.sources.memory import BytesSource

    limits = Limits(seconds=10, inflated_bytes=8 << 20, inflation_free_bytes=1 << 20)

    def one_input(data: bytes) -> None:
        kind = recognise(data[:HEAD])
        if kind is None:
            return
        try:
            stream = open_stream(kind, BytesSource(data), Budget(limits))
            stream.read_at(0, 1000)
            stream.exhaust()
            stream.read_at(10, 1000)
        except ParseError:
            pass

    return one_input


if __name__ == "__main__":
    start(seeds, target)
