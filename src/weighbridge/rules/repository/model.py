"""A repository as its rules see it: files with the facts that are not about weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, dirname

from weighbridge.facts.codec import Fact
from weighbridge.facts.graphs import DataFolder, ExternalData
from weighbridge.facts.repository import Act, Reference, Requirement, Script, Secret
from weighbridge.facts.structure import Metadata

KEPT = (Script, Act, Reference, Requirement, Secret, Metadata, ExternalData, DataFolder)
"""Classes of facts that tell something about other files of the same repository."""


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One file: its path below the target, its format, and those of its facts that are kept."""

    path: str
    format: str | None
    facts: tuple[Fact, ...]

    @property
    def name(self) -> str:
        """The file's own name, in lower case."""
        return basename(self.path).lower()

    @property
    def folder(self) -> str:
        """The folder it lies in, empty at the top."""
        return dirname(self.path)

    @property
    def script(self) -> Script | None:
        """The script that the file itself is."""
        found = (f for f in self.facts if isinstance(f, Script) and f.member is None)
        return next(found, None)

    @property
    def acts(self) -> list[Act]:
        """What the script that the file itself is does."""
        return [fact for fact in self.facts if isinstance(fact, Act) and fact.member is None]

    @property
    def references(self) -> list[Reference]:
        """What the file itself leads to."""
        return [fact for fact in self.facts if isinstance(fact, Reference) and fact.member is None]


class Repository:
    """All files of one target.

    Attributes:
        name: of the target, without folders.
        lone: the target is a single file, which its user means to load or run.
    """

    def __init__(self, files: Iterable[RepositoryFile], name: str, lone: bool) -> None:
        """Take the files of a target."""
        self.files: Sequence[RepositoryFile] = tuple(files)
        self.name = name
        self.lone = lone

    @cached_property
    def by_path(self) -> dict[str, RepositoryFile]:
        """Files by path."""
        return {file.path: file for file in self.files}

    def named(self, name: str) -> list[RepositoryFile]:
        """Return the files with this name, in any folder."""
        return [file for file in self.files if file.name == name]


def kept(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return those of a file's facts that rules about repositories read."""
    return tuple(fact for fact in facts if isinstance(fact, KEPT))
