"""What every archive reader gives back.

No layout is read here; these are the types that zip, tar and 7z share. A reader that is stopped in
the middle still gives an :class:`Archive` with what it has, and a :class:`Gap` names the cause.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from weighbridge.errors import ParseError
from weighbridge.sources.base import Source

Kind = Literal["file", "directory", "symlink", "hardlink", "special"]

#: Entries of one code that are listed one by one; the rest is counted in a last entry.
_LISTED = 50


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something a well-formed writer never produces, or on which readers disagree."""

    code: str
    text: str
    member: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that could not be read: encrypted, unsupported, damaged, or over a limit."""

    code: str
    text: str
    member: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One entry, or one more reading of an entry on which readers disagree.

    Attributes:
        name: as written in the archive, decoded but not cleaned.
        source: the decoded bytes; None only when a gap says why.
        size: decoded length as declared, if it is.
        offset: where its packed data begins in the archive.
        packed_size: length of the packed data.
        stored: the bytes are in the archive as they are.
        kind: what extraction would create.
        link_target: for links.
        views: which readers see it; for zip ``zipfile``, ``miniz``, ``lenient``, for tar
            ``tarfile``, ``lenient``, for 7z ``7z``.
        crc: CRC-32 of the decoded bytes as declared, if it is.
        mode: POSIX permission and type bits, if given.
    """

    name: str
    source: Source | None
    size: int | None
    offset: int
    packed_size: int
    stored: bool
    kind: Kind
    link_target: str | None
    views: frozenset[str]
    crc: int | None = None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """What was read of one archive.

    Attributes:
        members: every distinct data range, in archive order; names may repeat.
        anomalies: see :class:`Anomaly`; at most fifty of one code, then one that counts the rest.
        gaps: see :class:`Gap`; bounded in the same way.
        uncovered: (offset, size) of ranges that belong to nothing the format declares.
        end: where the archive's own structure ends.
    """

    members: tuple[Member, ...]
    anomalies: tuple[Anomaly, ...]
    gaps: tuple[Gap, ...]
    uncovered: tuple[tuple[int, int], ...]
    end: int


@dataclass(slots=True)
class Log:
    """Collects anomalies and gaps, so many of each code and no more."""

    _anomalies: list[Anomaly] = field(default_factory=list)
    _gaps: list[Gap] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)
    _missed: Counter[str] = field(default_factory=Counter)

    def anomaly(
        self, code: str, text: str, member: str | None = None, offset: int | None = None
    ) -> None:
        """Add one anomaly."""
        self._seen[code] += 1
        if self._seen[code] <= _LISTED:
            self._anomalies.append(Anomaly(code, text, _short(member), offset))

    def gap(
        self, code: str, text: str, member: str | None = None, offset: int | None = None
    ) -> None:
        """Add one gap."""
        self._missed[code] += 1
        if self._missed[code] <= _LISTED:
            self._gaps.append(Gap(code, text, _short(member), offset))

    def stopped(self, error: ParseError, member: str | None = None) -> None:
        """Add the gap for an error that ended the reading of a part."""
        self.gap(error.code, error.text, member, error.offset)

    def anomalies(self) -> tuple[Anomaly, ...]:
        """Return what was collected, with one entry per code for what was only counted."""
        more = [
            Anomaly(code, f"and {count - _LISTED} more of the same")
            for code, count in self._seen.items()
            if count > _LISTED
        ]
        return tuple(self._anomalies + more)

    def gaps(self) -> tuple[Gap, ...]:
        """Return what was collected, with one entry per code for what was only counted."""
        more = [
            Gap(code, f"and {count - _LISTED} more of the same")
            for code, count in self._missed.items()
            if count > _LISTED
        ]
        return tuple(self._gaps + more)


def _short(name: str | None) -> str | None:
    """A name fit for a report: hostile ones reach 64 KiB."""
    return name if name is None or len(name) <= 1024 else name[:1023] + "…"


def complement(covered: list[tuple[int, int]], size: int) -> tuple[tuple[int, int], ...]:
    """Return (offset, size) of what the (start, end) ranges in `covered` leave of 0..size."""
    holes: list[tuple[int, int]] = []
    reached = 0
    for start, end in sorted(covered):
        if start > reached:
            holes.append((reached, min(start, size) - reached))
        reached = max(reached, end)
        if reached >= size:
            break
    if reached < size:
        holes.append((reached, size - reached))
    return tuple((start, length) for start, length in holes if length > 0)
