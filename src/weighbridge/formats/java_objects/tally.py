"""Counts the classes of a stream; keeps texts of those that act, and where bytes deserve a look."""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded
from weighbridge.tables.java_objects import java_object

MOST_CLASSES = 5_000
MOST_TEXTS = 8
MOST_ARRAYS = 50_000
# What an array of bytes may be: another stream, a class, a program, an archive, a packed one.
_MARKS = (
    b"\xac\xed\0\x05", b"\xca\xfe\xba\xbe", b"\x7fELF", b"MZ", b"PK\3\4", b"\x1f\x8b\x08",
    b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\0asm",
)  # fmt: skip


def readable(name: str) -> bool:
    """Say whether a class may have this name; a misread one has control characters in it."""
    return name.isprintable() and "/" not in name


@dataclass(slots=True)
class Counted:
    """One class in one use."""

    offset: int
    count: int = 0
    texts: list[str] = field(default_factory=list)


class Tally:
    """What all readings of a stream found."""

    def __init__(self) -> None:
        self.classes: dict[tuple[str, str], Counted] = {}
        self.interfaces: dict[tuple[str, tuple[str, ...]], Counted] = {}
        self.arrays: dict[int, int] = {}
        self.longer_names = 0
        self._acting: dict[str, bool] = {}

    def note(self, name: str, use: str, offset: int) -> Counted:
        """Count one object, or another use of a class; no name stands for a primitive type.

        Raises:
            LimitExceeded: there are more classes than are kept.
        """
        found = self.classes.get((name, use))
        if found is None:
            if len(self.classes) >= MOST_CLASSES:
                text = f"more than {MOST_CLASSES} classes"
                raise LimitExceeded("limit-java-classes", text, offset)
            found = self.classes[name, use] = Counted(offset)
        found.count += 1
        return found

    def note_proxy(self, handler: str, interfaces: tuple[str, ...], offset: int) -> None:
        """Count one proxy by the class that answers its calls.

        Raises:
            LimitExceeded: there are more kinds of them than are kept.
        """
        if len(self.interfaces) >= MOST_CLASSES:
            text = f"more than {MOST_CLASSES} kinds of proxies"
            raise LimitExceeded("limit-java-classes", text, offset)
        self.interfaces.setdefault((handler, interfaces), Counted(offset)).count += 1

    def acts(self, name: str) -> bool:
        """Say whether the texts in an object of the class tell what it does."""
        found = self._acting.get(name)
        if found is None:
            row = java_object(name)
            found = row is not None and row.kind in ("malicious", "suspicious")
            self._acting[name] = found
        return found

    def note_bytes(self, offset: int, size: int, start: bytes) -> None:
        """Keep where an array of bytes stands, if it begins like something that has a reader."""
        if start.startswith(_MARKS) and len(self.arrays) <= MOST_ARRAYS:
            self.arrays[offset] = size
