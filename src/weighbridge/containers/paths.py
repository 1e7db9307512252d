"""Judges member names and link targets as an extractor would use them.

The names themselves are strings from zip (APPNOTE.TXT 4.4.17), tar (POSIX pax) or 7z headers. What
counts is where a careless extractor would write: both slashes separate, a drive or a UNC share is
absolute, and a link that was extracted earlier redirects what comes later (CVE-2007-4559 and
its kin).
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

#: Ordinary names do not match this, and are passed without further work.
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\\:\u202a-\u202e\u2066-\u2069]|\.\.|^/")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_CONTROL = re.compile(r"[\x01-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Fault(NamedTuple):
    """What is wrong with a name."""

    code: str
    text: str


def judge_name(name: str) -> Fault | None:
    """Return the fault of a member name, or None for an ordinary one."""
    if not _ODD.search(name):
        return None
    reason = _escape(name)
    if reason is None and ".." in name and ".." in _parts(name):
        reason = "contains a '..' component"
    if reason is not None:
        return Fault("archive-name-escape", f"the name {reason}")
    if _CONTROL.search(name):
        return Fault("archive-name-control", "the name contains control characters")
    return None


def _escape(name: str) -> str | None:
    if "\x00" in name:
        return "contains a NUL, at which some readers cut it"
    if name.startswith(("\\\\", "//")):
        return "is a network path"
    if name.startswith(("/", "\\")):
        return "is an absolute path"
    if _DRIVE.match(name):
        return "begins with a drive letter"
    return None


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


def collision_key(name: str) -> str:
    """Return the same string for names that become one on some file systems."""
    key = name.replace("\\", "/")
    key = key.lower() if key.isascii() else unicodedata.normalize("NFKC", key).casefold()
    while key.startswith("./"):
        key = key[2:]
    return name if key == name else key


class Names:
    """Counts the names of one archive and tells repeated and colliding ones."""

    def __init__(self) -> None:
        self._exact: set[str] = set()
        self._keys: set[str] = set()

    def add(self, name: str) -> Fault | None:
        """Take in one more name; return what is wrong with it beside the earlier ones."""
        key = collision_key(name)
        if name in self._exact:
            return Fault("archive-duplicate-name", "an earlier member has the same name")
        self._exact.add(name)
        if key in self._keys:
            return Fault(
                "archive-colliding-name",
                "an earlier member's name differs only in case, slashes or Unicode form",
            )
        self._keys.add(key)
        return None


class Links:
    """Remembers the links of one archive, because they redirect what is extracted later."""

    def __init__(self) -> None:
        self._links: set[tuple[str, ...]] = set()

    def add(self, name: str, target: str, *, hard: bool = False) -> Fault | None:
        """Take in a link; return the fault if its target leaves the archive's root."""
        base: list[str] = [] if hard else _parts(name)[:-1]
        reason = _escape(target) or self._climb(base, target)
        if not hard:
            self._links.add(tuple(_parts(name)))
        if reason is None:
            return None
        return Fault("archive-link-escape", f"the link's target {reason}")

    def _climb(self, base: list[str], target: str) -> str | None:
        where = list(base)
        through = False
        for part in _parts(target)[:4096]:
            if part != "..":
                where.append(part)
                through = through or tuple(where) in self._links
            elif through:
                return "goes up from inside another link"
            elif not where:
                return "leaves the archive's root"
            else:
                where.pop()
        return None

    def crossed(self, name: str) -> Fault | None:
        """Return the fault if a member would be written through an earlier link."""
        if not self._links:
            return None
        parts = _parts(name)[:256]
        for length in range(1, len(parts) + 1):
            if tuple(parts[:length]) in self._links:
                link = "/".join(parts[:length])
                return Fault("archive-write-through-link", f"would be written through {link!r}")
        return None
