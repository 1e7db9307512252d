"""What parsers read out of files at hubs, kept so that no file is fetched again.

Facts are kept and not verdicts: the present rules judge them anew. A file is known by the hash that
its provider declares, at that provider's endpoint alone, because the provider could lie; without
one by its place, revision, size and tag. Any change of the parsers or the limits makes another key.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sqlite3
import threading
import time
import zlib
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import weighbridge
from weighbridge.budget import Limits
from weighbridge.defender.process import Answer
from weighbridge.defender.roles import role_of
from weighbridge.errors import WeighbridgeError
from weighbridge.facts import FACTS_VERSION, codec
from weighbridge.facts.structure import Gap
from weighbridge.findings.changes import LoadedCode
from weighbridge.sources.hubs import HubFile, Listing

FILE = "facts-1.sqlite3"
_KEPT_SECONDS = 90 * 86_400
_PATIENCE_SECONDS = 5.0
_MOST_BYTES = 32 << 20
_PARSERS = ("containers", "facts", "formats", "sources", "tables", "text")
_PASSING = ("source-error", "limit-seconds", "limit-memory", "limit-download", "internal-error")
_TABLE = """
create table if not exists answers (
    key text primary key, facts blob not null, bytes_read integer not null,
    sha256 text, used real not null
) without rowid
"""
_CODE = """
create table if not exists loaded_code (
    model text not null, revision text not null, files text not null, scanned real not null,
    primary key (model, revision)
) without rowid
"""
_INDEX = "create index if not exists answers_used on answers (used)"


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """How much a cache holds."""

    place: str
    files: int
    size: int


class FactCache:
    """A SQLite file below `folder`; whatever is wrong with it, it then just remembers nothing.

    Used by several threads and several processes at once.
    """

    def __init__(self, folder: str) -> None:
        self._place = Path(folder) / FILE
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._place,
                timeout=_PATIENCE_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.execute(_TABLE)
            connection.execute(_INDEX)
            connection.execute(_CODE)
            oldest = time.time() - _KEPT_SECONDS
            connection.execute("delete from answers where used < ?", (oldest,))
            connection.execute("delete from loaded_code where scanned < ?", (oldest,))
        except (OSError, sqlite3.Error):
            return
        self._connection = connection

    def known(self, key: str) -> bool:
        """Tell whether there is an answer."""
        return bool(self._rows("select 1 from answers where key = ?", key))

    def get(self, key: str) -> tuple[Answer, str | None] | None:
        """Return an answer and the SHA-256 that was computed with it, None when there is none."""
        rows = self._rows("select facts, bytes_read, sha256 from answers where key = ?", key)
        if not rows:
            return None
        packed, bytes_read, sha256 = rows[0]
        try:
            inflater = zlib.decompressobj()
            data = json.loads(inflater.decompress(packed, _MOST_BYTES))
            answer = Answer(tuple(map(codec.decode, data)), int(bytes_read))
        except (ValueError, TypeError, zlib.error, WeighbridgeError):
            return None
        self._rows("update answers set used = ? where key = ?", time.time(), key)
        return answer, sha256 if isinstance(sha256, str) else None

    def put(self, key: str, answer: Answer, sha256: str | None) -> None:
        """Keep an answer, unless trying again could give another one."""
        gaps = [fact.code for fact in answer.facts if isinstance(fact, Gap)]
        passing = any(code in _PASSING or code.startswith("worker-") for code in gaps)
        data = json.dumps(list(map(codec.encode, answer.facts)), separators=(",", ":")).encode()
        if passing or answer.failure is not None or len(data) > _MOST_BYTES:
            return
        values = (key, zlib.compress(data, 1), answer.bytes_read, sha256, time.time())
        self._rows("insert or replace into answers values (?, ?, ?, ?, ?)", *values)

    def code_before(self, model: str, revision: str) -> LoadedCode | None:
        """Return what a loader would run at the revision of `model` that was scanned last.

        Args:
            model: by any key of its own.
            revision: scanned now, which is left out.
        """
        rows = self._rows(
            "select revision, files from loaded_code where model = ? and revision != ? "
            "order by scanned desc limit 1",
            model,
            revision,
        )
        try:
            return LoadedCode(str(rows[0][0]), dict(json.loads(rows[0][1]))) if rows else None
        except (ValueError, TypeError):
            return None

    def put_code(self, model: str, code: LoadedCode) -> None:
        """Keep what a loader would run at a revision of `model`."""
        files = json.dumps(dict(code.files))
        if len(files) <= _MOST_BYTES:
            values = (model, code.revision, files, time.time())
            self._rows("insert or replace into loaded_code values (?, ?, ?, ?)", *values)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error:
                return []


class Remembered:
    """The part of a cache that holds for one model, under the limits of one scan."""

    def __init__(self, cache: FactCache, listing: Listing, limits: Limits, most: int) -> None:
        self._cache = cache
        self._listing = listing
        searched = find_spec("yara_x") is not None
        self._mode = [FACTS_VERSION, parsers(), dataclasses.asdict(limits), most, searched]

    def known(self, file: HubFile) -> bool:
        """Tell whether `file` need not be fetched."""
        return self._cache.known(self._key(file))

    def get(self, file: HubFile) -> tuple[Answer, str | None] | None:
        """Return what is known of `file`; a hash only where that very file was read."""
        found = self._cache.get(self._key(file))
        return found if found is None or file.sha256 is None else (found[0], None)

    def put(self, file: HubFile, answer: Answer, sha256: str | None) -> None:
        """Keep what was read out of `file`."""
        self._cache.put(self._key(file), answer, sha256)

    def code_before(self) -> LoadedCode | None:
        """Return what a loader would run at the revision that was scanned last before this."""
        return self._cache.code_before(self._model(), self._listing.revision)

    def put_code(self, code: LoadedCode) -> None:
        """Keep what a loader would run at this revision."""
        self._cache.put_code(self._model(), code)

    def _model(self) -> str:
        listing = self._listing
        return json.dumps([listing.endpoint, listing.provider, listing.name])

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()

    def _key(self, file: HubFile) -> str:
        name = os.path.basename(file.path)
        if file.sha256 is not None:
            # Weights are told by their bytes; texts by their name as well.
            shown = "" if role_of(file.path) == "weights" else name
            what: list[object] = ["sha256", file.sha256, file.size, shown]
        else:
            model = self._listing
            what = [model.provider, model.name, model.revision, file.path, file.size, file.etag]
        whole = json.dumps([self._mode, self._listing.endpoint, what], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()


def usage(folder: str) -> Usage:
    """Return how much the cache in `folder` holds."""
    place = Path(folder) / FILE
    files = 0
    if place.exists():
        try:
            address = f"{place.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as reading:
                files = int(reading.execute("select count(*) from answers").fetchone()[0])
        except sqlite3.Error:
            files = 0
    parts = [part for part in _parts(place) if part.exists()]
    return Usage(str(place), files, sum(part.stat().st_size for part in parts))


def clear(folder: str) -> None:
    """Remove the cache in `folder`, and nothing else that is there."""
    for part in _parts(Path(folder) / FILE):
        part.unlink(missing_ok=True)


def _parts(place: Path) -> list[Path]:
    return [place, Path(f"{place}-wal"), Path(f"{place}-shm")]


@cache
def parsers() -> str:
    """Return what changes with the code and the tables that read files."""
    root = Path(weighbridge.__file__).parent
    hasher = hashlib.sha256(weighbridge.__version__.encode())
    for part in _PARSERS:
        for path in sorted((root / part).rglob("*")):
            if path.suffix in (".py", ".tsv", ".so"):
                status = path.stat()
                line = f"{path.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n"
                hasher.update(line.encode())
    return hasher.hexdigest()[:16]
