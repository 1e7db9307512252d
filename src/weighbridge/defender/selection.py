"""Which files of a target the user wants to have examined."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename

from weighbridge.defender.files import Passed


@dataclass(frozen=True, slots=True)
class Selection:
    """Patterns of the shell, matched against the path below the target or the name alone.

    Attributes:
        include: only what matches one of these; empty for everything.
        exclude: nothing that matches one of these.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Some files may be left out."""
        return bool(self.include or self.exclude)

    def left_out(self, path: str) -> Passed | None:
        """Return what to say about a file that is not wanted; None for one that is."""
        wanted = not self.include or _matches(path, self.include)
        if wanted and not _matches(path, self.exclude):
            return None
        return Passed(path, "left-out", "left out, as --include or --exclude say")


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatchcase(path, pattern) or fnmatchcase(basename(path), pattern) for pattern in patterns
    )
