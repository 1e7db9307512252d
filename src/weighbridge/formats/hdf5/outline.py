"""Everything that the structure of one HDF5 file says, walked from the root group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.formats.hdf5 import links
from weighbridge.formats.hdf5.attributes import (
    Attribute,
    attribute_message,
    dense_attributes,
    shared_message,
)
from weighbridge.formats.hdf5.headers import Message, messages
from weighbridge.formats.hdf5.heaps import GlobalHeaps
from weighbridge.formats.hdf5.layouts import (
    Layout,
    external_files,
    filters,
    layout,
    stored_bytes,
    virtual_sources,
)
from weighbridge.formats.hdf5.links import EXTERNAL, HARD, SOFT, Link
from weighbridge.formats.hdf5.reading import Cursor, Hdf5Reader
from weighbridge.formats.hdf5.superblock import Superblock, read_superblock
from weighbridge.formats.hdf5.types import Dataspace, Datatype, dataspace, datatype

_MOST_OBJECTS = 500_000
_MOST_LINKS = 2_000_000
_MOST_KEPT = 5_000
_PATH_LENGTH = 500

Visit = Callable[[str, Attribute], None]

# Keras refuses what declares more than this and than a thousand times what it stores.
BOMB_FLOOR = 1 << 32
BOMB_FACTOR = 1_000


@dataclass(frozen=True, slots=True)
class Reference:
    """Something outside the file, or a filter, that the object at `path` needs."""

    path: str
    how: str
    target: str
    inner: str
    address: int


@dataclass(frozen=True, slots=True)
class Bomb:
    """A dataset that declares far more than it stores."""

    path: str
    declared: int
    stored: int
    address: int


@dataclass(slots=True)
class Outline:
    """What was read.

    Attributes:
        references: what lies outside the file.
        bombs: see :class:`Bomb`.
        errors: path and error of what could not be read.
        root_names: names in the root group.
        objects, datasets, soft_links: how many there are.
        overrun: path of a dataset whose contiguous data ends behind the file.
    """

    superblock: Superblock | None = None
    references: dict[tuple[str, str, str, str], Reference] = field(default_factory=dict)
    bombs: list[Bomb] = field(default_factory=list)
    errors: list[tuple[str, ParseError]] = field(default_factory=list)
    root_names: list[str] = field(default_factory=list)
    objects: int = 0
    datasets: int = 0
    soft_links: int = 0
    overrun: str | None = None


@dataclass(slots=True)
class _Dataset:
    kind: Datatype | None = None
    space: Dataspace | None = None
    where: Layout | None = None
    external: bool = False


def read_outline(reader: Hdf5Reader, outline: Outline, visit: Visit) -> None:
    """Walk the file; what was read before an error stands in `outline`.

    Args:
        reader: of the file.
        outline: to be filled.
        visit: called with the path of the object for each attribute.

    Raises:
        ParseError: the superblock cannot be read, or a limit is reached.
    """
    outline.superblock = read_superblock(reader)
    _Walk(reader, outline, visit).run(outline.superblock.root)


class _Walk:
    """One walk; every object is visited once, however many links lead to it."""

    def __init__(self, reader: Hdf5Reader, outline: Outline, visit: Visit) -> None:
        self._reader = reader
        self._visit = visit
        self._outline = outline
        self._heaps = GlobalHeaps(reader)
        self._links = 0

    def run(self, root: int | None) -> None:
        if root is None:
            raise MalformedInput("hdf5-root", "there is no root group", self._reader.base)
        pending: list[tuple[int, str]] = [(root, "/")]
        seen = {root}
        while pending:
            address, path = pending.pop()
            self._outline.objects += 1
            if self._outline.objects > _MOST_OBJECTS:
                raise LimitExceeded("limit-hdf5-objects", "the file holds too many objects", None)
            for name, child in self._object(address, path):
                if child not in seen:
                    seen.add(child)
                    pending.append((child, _joined(path, name)))

    def _object(self, address: int, path: str) -> list[tuple[str, int]]:
        """Read one object; return names and addresses of what a group holds."""
        children: list[tuple[str, int]] = []
        data = _Dataset()
        try:
            for message in messages(self._reader, address):
                self._guarded(message, path, children, data)
        except LimitExceeded:
            raise
        except ParseError as error:
            self._error(path, error)
        if data.where is not None:
            self._dataset(data, path, address)
        return children

    def _guarded(
        self, message: Message, path: str, children: list[tuple[str, int]], data: _Dataset
    ) -> None:
        try:
            self._message(message, path, children, data)
        except LimitExceeded:
            raise
        except ParseError as error:
            self._error(path, error)

    def _message(
        self, message: Message, path: str, children: list[tuple[str, int]], data: _Dataset
    ) -> None:
        kind, cursor = message.kind, self._reader.over(message.body, message.address)
        if message.shared and kind in (0x01, 0x03, 0x0B, 0x0C):
            cursor = shared_message(self._reader, cursor, kind)
        if kind == 0x07:
            data.external = True
            for name in external_files(self._reader, cursor):
                self._refer(path, "external-storage", name, "", message.address)
        elif kind == 0x0B:
            for number, name in filters(cursor):
                self._refer(path, "filter", f"{number} {name}".strip(), "", message.address)
        elif kind == 0x0C:
            body = cursor.take(cursor.left) if message.shared else message.body
            self._visit(path, attribute_message(self._reader, self._heaps, body, message.address))
        elif kind == 0x15:
            for found in dense_attributes(self._reader, self._heaps, cursor):
                if isinstance(found, ParseError):
                    self._error(path, found)
                else:
                    self._visit(path, found)
        elif kind in (0x01, 0x03, 0x08):
            _describe(data, kind, cursor)
        else:
            self._group(kind, cursor, message.address, path, children)

    def _group(
        self, kind: int, cursor: Cursor, address: int, path: str, children: list[tuple[str, int]]
    ) -> None:
        found: Iterator[Link] = iter(())
        if kind == 0x06:
            found = iter((links.link_message(cursor),))
        elif kind == 0x02:
            found = links.dense_links(self._reader, cursor)
        elif kind == 0x11:
            found = links.table_links(self._reader, cursor)
        for link in found:
            self._links += 1
            if self._links > _MOST_LINKS:
                raise LimitExceeded("limit-hdf5-links", "the file holds too many links", None)
            if path == "/" and len(self._outline.root_names) < _MOST_KEPT:
                self._outline.root_names.append(link.name)
            if link.kind == HARD and link.address is not None:
                children.append((link.name, link.address))
            elif link.kind == SOFT:
                self._outline.soft_links += 1
            elif link.kind != HARD:
                how = "external-link" if link.kind == EXTERNAL else "user-link"
                self._refer(_joined(path, link.name), how, link.file, link.target, address)

    def _dataset(self, data: _Dataset, path: str, address: int) -> None:
        where = data.where
        assert where is not None
        self._outline.datasets += 1
        try:
            if where.kind == "virtual":
                for file, name in sorted(virtual_sources(self._heaps, self._reader, where)):
                    self._refer(path, "virtual-dataset", file, name, address)
                return
            self._sizes(data, where, path, address)
        except LimitExceeded:
            raise
        except ParseError as error:
            self._error(path, error)

    def _sizes(self, data: _Dataset, where: Layout, path: str, address: int) -> None:
        if data.kind is None or data.space is None or data.external:
            return
        declared = min(data.space.count * data.kind.size, 1 << 80)
        placed = where.address if where.kind == "contiguous" else None
        if placed is not None and placed + declared > self._reader.size:
            self._outline.overrun = self._outline.overrun or path
        if declared <= BOMB_FLOOR:
            return
        enough = declared // BOMB_FACTOR + 1
        stored: int | None = min(declared, self._reader.size)
        if where.kind == "chunked":
            stored = stored_bytes(self._reader, where, enough)
        elif where.address is None:
            stored = 0
        stored = min(self._reader.size, self._reader.size if stored is None else stored)
        if stored < enough and len(self._outline.bombs) < _MOST_KEPT:
            self._outline.bombs.append(Bomb(path, declared, stored, address))

    def _refer(self, path: str, how: str, target: str, inner: str, address: int) -> None:
        # A filter is of interest once; another file wherever it is named, within reason.
        key = (how, target, inner if how != "filter" else "", path if how != "filter" else "")
        if len(self._outline.references) < _MOST_KEPT:
            self._outline.references.setdefault(key, Reference(path, how, target, inner, address))

    def _error(self, path: str, error: ParseError) -> None:
        if len(self._outline.errors) < _MOST_KEPT:
            self._outline.errors.append((path, error))


def _describe(data: _Dataset, kind: int, cursor: Cursor) -> None:
    if kind == 0x01:
        data.space = dataspace(cursor)
    elif kind == 0x03:
        data.kind = datatype(cursor)
    else:
        data.where = layout(cursor)


def _joined(path: str, name: str) -> str:
    joined = f"{path.rstrip('/')}/{name[:200]}"
    return joined if len(joined) <= _PATH_LENGTH else "…" + joined[-_PATH_LENGTH:]
