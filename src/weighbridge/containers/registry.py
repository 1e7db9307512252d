"""The explicit list of container formats, and how their bytes are told apart.

Names never count. A zip is one that starts with a record, or that has an end record near its end
with a directory that is there; a tar is one whose first header has a fitting checksum; the others
have magic numbers: 7z ``37 7a bc af 27 1c``, rar ``52 61 72 21 1a 07``, and the compressed streams
of :mod:`weighbridge.containers.compressed`.
"""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.budget import Budget
from weighbridge.containers import compressed
from weighbridge.containers.base import Archive
from weighbridge.containers.sevenzip import SIGNATURE as SEVEN_ZIP
from weighbridge.containers.sevenzip import open_sevenzip
from weighbridge.containers.tar import looks_like_tar, open_tar
from weighbridge.containers.zip import open_zip
from weighbridge.containers.zip_directories import looks_like_zip
from weighbridge.errors import Unsupported
from weighbridge.sources.base import Source

ARCHIVES: dict[str, Callable[[Source, Budget], Archive]] = {
    "zip": open_zip,
    "tar": open_tar,
    "7z": open_sevenzip,
}
STREAMS = ("gzip", "zlib", "bz2", "xz", "lzma", "zstd", "lz4", "joblib-zf")
UNSUPPORTED = ("rar",)

_RAR = b"Rar!\x1a\x07"


def recognise_all(source: Source) -> tuple[str, ...]:
    """Return every container that could claim the bytes, the likeliest first."""
    head = source.read_at(0, compressed.HEAD)
    found = []
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        found.append("zip")
    if head.startswith(SEVEN_ZIP):
        found.append("7z")
    if head.startswith(_RAR):
        found.append("rar")
    stream = compressed.recognise(head)
    if stream is not None:
        found.append(stream)
    if looks_like_tar(head):
        found.append("tar")
    if not found and looks_like_zip(source):
        # Behind another container's start, an end record is that of one of its members, or of
        # bytes that the other container does not cover, which are examined on their own.
        found.append("zip")
    return tuple(found)


def recognise(source: Source) -> str | None:
    """Return the likeliest container of the bytes, or None."""
    found = recognise_all(source)
    return found[0] if found else None


def open_archive(kind: str, source: Source, budget: Budget) -> Archive:
    """Read the structure of an archive recognised as `kind`.

    Raises:
        Unsupported: the kind is recognised, but cannot be read.
        MalformedInput: nothing at all could be read.
        LimitExceeded: the budget was used up before anything was read.
    """
    reader = ARCHIVES.get(kind)
    if reader is None:
        raise Unsupported("unsupported-archive", f"{kind} archives cannot be read")
    return reader(source, budget)
