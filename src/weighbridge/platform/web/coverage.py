"""How much of a file was read, for a bar: parsed, declared to be tensor data, or not examined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WORDS = (
    ("read", "parsed"),
    ("opaque", "tensor data, by the structure around it"),
    ("unread", "not examined"),
)
"""The parts as the style sheet and people call them."""


@dataclass(frozen=True, slots=True)
class Covered:
    """Parts of a file in per cent; together they are a hundred.

    Attributes:
        read: what a parser looked at.
        opaque: what the structure around it declares to be numbers.
        unread: what could be anything.
    """

    read: int
    opaque: int
    unread: int
    why: str = ""


def covered(file: dict[str, Any]) -> Covered:
    """Return the parts of a file, as its entry in a report tells them.

    Where a file was examined to its end, the bytes that nobody read are tensor data by declaration;
    where it was not, they count as not examined.
    """
    coverage = file.get("coverage") or {"complete": False, "bytes_read": 0, "notes": []}
    size = max(int(file["size"]), 1)
    read = min(100, round(100 * min(coverage.get("bytes_read", 0), size) / size))
    if coverage["complete"]:
        return Covered(read, 100 - read, 0)
    notes = coverage.get("notes", ())
    why = "; ".join(str(note["text"]) for note in notes[:3]) or "never examined"
    return Covered(min(read, 99), 0, 100 - min(read, 99), why)
