"""What a scan would fetch of a model at a hub, before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import splitext

from weighbridge.containers.zip_records import TAIL_BYTES
from weighbridge.sources.spool import FIRST_BYTES

_WHOLE = frozenset(
    ".gz .tgz .bz2 .xz .zst .lz4 .7z .pkl .pickle .joblib .dill .json .py .ipynb .txt .md".split()
)
"""Endings of what is read from its beginning to its end."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One file, its size, and about how many bytes of it would be fetched; 0 for a known one."""

    path: str
    size: int
    fetched: int


def expected(path: str, size: int) -> int:
    """Return about how many bytes judging a file takes; for a format of ranges the least."""
    if splitext(path)[1].lower() in _WHOLE:
        return size
    return min(size, FIRST_BYTES + TAIL_BYTES)
