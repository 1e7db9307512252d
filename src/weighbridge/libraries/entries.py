"""Records in files, folders and zips of OSV, one after another, each with its raw bytes.

Members are read one at a time, so that memory does not grow with the archive.
"""

from __future__ import annotations

import json
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from weighbridge.libraries.records import RECORD_BYTES, Refused
from weighbridge.libraries.store import StoreError

_ENDINGS = (".json", ".yaml", ".yml")
_MOST_ENTRIES = 2_000_000
_LIST_BYTES = 256 << 20
# What reading a member raises: of the archive, of an encrypted one, of each codec (bz2: OSError).
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that should hold one record: its name within the source, and its bytes."""

    name: str
    data: bytes

    def value(self) -> object:
        """Return what the bytes are as JSON or YAML.

        Raises:
            Refused: they are neither.
        """
        try:
            if self.name.endswith(".json"):
                return json.loads(self.data)
            return yaml.load(self.data, Loader=_Loader)
        except (ValueError, RecursionError, yaml.YAMLError) as error:
            raise Refused("neither JSON nor YAML") from error


def entries(place: str) -> Iterator[Entry | str]:
    """Yield the entries at a place; instead of one that cannot be read, its name.

    Raises:
        StoreError: the place itself cannot be read.
    """
    if os.path.isdir(place):
        return _of_folder(place)
    try:
        with open(place, "rb") as file:
            head = file.read(4)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no usable name"
        raise StoreError(f"cannot read {place}: {why}") from error
    if head == b"PK\x03\x04":
        return _of_zip(place)
    if size > _LIST_BYTES:
        raise StoreError(f"{place} is neither a zip of records nor one record")
    return _of_file(place)


def count(place: str) -> int | None:
    """Return how many entries there are where that is quickly known."""
    try:
        with zipfile.ZipFile(place) as archive:
            return sum(name.endswith(_ENDINGS) for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return None


def _of_folder(place: str) -> Iterator[Entry | str]:
    for folder, below, names in os.walk(place):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith(_ENDINGS) or os.path.islink(path):
                continue
            shown = os.path.relpath(path, place)
            try:
                if os.path.getsize(path) > RECORD_BYTES:
                    yield shown
                    continue
                with open(path, "rb") as file:
                    yield Entry(shown, file.read(RECORD_BYTES))
            except OSError:
                yield shown


def _of_zip(place: str) -> Iterator[Entry | str]:
    try:
        archive = zipfile.ZipFile(place)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise StoreError(f"{place} is a damaged zip") from error
    with archive:
        for info in archive.infolist()[:_MOST_ENTRIES]:
            if info.is_dir() or not info.filename.endswith(_ENDINGS):
                continue
            if info.file_size > RECORD_BYTES:
                yield info.filename
                continue
            try:
                with archive.open(info) as member:
                    yield Entry(info.filename, member.read(RECORD_BYTES))
            except _DAMAGE:
                yield info.filename


def _of_file(place: str) -> Iterator[Entry | str]:
    with open(place, "rb") as file:
        data = file.read(_LIST_BYTES)
    name = os.path.basename(place)
    if not name.endswith(_ENDINGS):
        name += ".json"
    if len(data) <= RECORD_BYTES and data.lstrip()[:1] != b"[":
        try:
            value = json.loads(data) if name.endswith(".json") else None
        except (ValueError, RecursionError):
            value = None
        listed = value.get("vulns") if isinstance(value, dict) else None
        if not isinstance(listed, list):
            yield Entry(name, data)
            return
    else:
        try:
            listed = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{place} is neither a record nor a list of records") from error
    for number, item in enumerate(listed if isinstance(listed, list) else [listed]):
        yield Entry(f"{name}#{number}.json", json.dumps(item).encode())
