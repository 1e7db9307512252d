"""What a sample is: a file that this code writes, and what a scan of it should say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# What every hostile sample would run. It prints a word.
COMMAND = "echo weighbridge-eval"
SOURCE = f"import os\nos.system({COMMAND!r})"
URL = "http://192.0.2.1/weighbridge-eval"

Writer = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Sample:
    """One hostile file.

    Attributes:
        name: unique, and the stem of the file.
        technique: the line of the table that counts it.
        effects: at least one of these has to be named; empty where the trick has no effect of its
            own, such as an archive on which readers disagree.
        loaders: at least one loader named must begin with one of these; empty for any.
        content: the bytes, or a function that writes the file.
        file: its name, where that matters.
    """

    name: str
    technique: str
    effects: tuple[str, ...]
    loaders: tuple[str, ...]
    content: bytes | Writer
    file: str = ""


@dataclass(frozen=True, slots=True)
class Honest:
    """One file that an honest library wrote.

    Attributes:
        framework: the line of the table that counts it.
        content: the bytes, or a function that writes the file.
        weakness: what in it calls for a `weakness`; empty when it has to be clean.
        file: its name, where that matters.
    """

    name: str
    framework: str
    content: bytes | Writer
    weakness: str = ""
    file: str = ""


class HostileSet(Protocol):
    """A module of `evals.hostile`."""

    def samples(self) -> Iterator[Sample]:
        """Yield its samples."""


class HonestSet(Protocol):
    """A module of `evals.honest`."""

    NEEDS: tuple[str, ...]

    def samples(self) -> Iterator[Honest]:
        """Yield its samples."""


def write(sample: Sample | Honest, folder: Path) -> Path:
    """Write a sample into a folder of its own and return the file."""
    place = folder / sample.name
    place.mkdir(parents=True)
    path = place / (sample.file or f"{sample.name}.bin")
    if isinstance(sample.content, bytes):
        path.write_bytes(sample.content)
    else:
        sample.content(path)
    return path
