"""What a computation graph holds: operators with their constant operands, and files it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import dirname


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a graph; nodes that differ in nothing said here are counted together.

    Attributes:
        member: place inside the file, outermost first, joined with ``!``; None for the file itself.
        offset: of the first such node, in bytes from the start of the member.
        format: registry name.
        domain: namespace of the operator; empty where the format has none or uses its default.
        name: as the node names it.
        where: graph, function or subgraph that holds the first such node.
        role: what the structure around says it is for: `saver` (writes or restores the model's own
            checkpoint), `asset` (reads a file that the model declares as its own), `local`
            (defined in the model itself), or empty.
        count: how many such nodes there are.
        arguments: names and values of the constant operands and attributes that say what it
            touches; kept only for operators that touch something.
        resolved: False when such an operand is computed, so that `arguments` misses it.
        hidden: the graph stands inside a constant of another graph.
    """

    member: str | None
    offset: int
    format: str
    domain: str
    name: str
    where: str
    role: str
    count: int
    arguments: tuple[tuple[str, str], ...]
    resolved: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class ExternalData:
    """Tensors whose data stands in another file; those of one file are counted together.

    Attributes:
        tensor: name of the first such tensor.
        location: the file, as the model names it.
        count: how many tensors.
        lowest: the smallest offset into that file.
        furthest: the greatest end of a tensor, as far as lengths are given.
        odd: what no writer produces: unknown keys, values that are no numbers.
    """

    member: str | None
    offset: int
    format: str
    tensor: str
    location: str
    count: int
    lowest: int
    furthest: int
    odd: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A description whose numbers stand in files below its own folder, called by a rule.

    Attributes:
        format: `zarr`, `n5` or `ocdbt`, which decides the rule.
    """

    member: str | None
    offset: int
    format: str


_DEEPEST = 34
_CALLED = {
    "zarr": re.compile(r"(?:c/)?\d{1,9}(?:[./]\d{1,9}){0,31}\Z|c\Z", re.ASCII),
    "n5": re.compile(r"\d{1,9}(?:/\d{1,9}){0,31}\Z", re.ASCII),
    "ocdbt": re.compile(r"d/[0-9a-f]{32}\Z"),
}


def describing(folders: Mapping[str, DataFolder], path: str) -> str | None:
    """Return the folder whose description says that the file at `path` is its data.

    Args:
        folders: the descriptions by folder, the top as the empty text.
        path: of a file, with slashes.
    """
    folder = path
    for _ in range(_DEEPEST if folders else 0):
        folder = dirname(folder)
        fact = folders.get(folder)
        called = _CALLED.get(fact.format) if fact is not None else None
        if called is not None and called.match(path[len(folder) :].lstrip("/")):
            return folder
        if not folder:
            break
    return None


FILLING = 4_096
"""Bytes behind the last tensor that a file may be filled up with: writers align to pages."""


def covers(furthest: int, size: int) -> bool:
    """Say whether a file of `size` bytes is the tensor data that was declared, and nothing more.

    Args:
        furthest: the greatest end of a tensor in it; 0 where the model does not say how far.
        size: of the file in bytes.
    """
    return furthest <= size and (not furthest or size - furthest <= FILLING)


@dataclass(frozen=True, slots=True)
class ForeignText:
    """A constant text of a graph that has the form of a path or an address.

    Attributes:
        where: graph or function that holds it.
        node: the constant's name.
        value: the text, bounded.
    """

    member: str | None
    offset: int
    format: str
    where: str
    node: str
    value: str
