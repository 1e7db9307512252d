"""The records in one SQLite file: written by an import, read by scans and by the platform.

Readers never see half an import: a new file takes the place of the old one when it is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from weighbridge.errors import WeighbridgeError
from weighbridge.libraries.ranges import Range

if TYPE_CHECKING:
    from weighbridge.libraries.assessing import Assessment
    from weighbridge.libraries.records import Record

FORMAT = "weighbridge.vulnerabilities/1"
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, entry TEXT NOT NULL,
    digest BLOB NOT NULL, modified TEXT NOT NULL, withdrawn INTEGER NOT NULL, aliases TEXT NOT NULL,
    summary TEXT NOT NULL, severity TEXT NOT NULL, score REAL, impact TEXT NOT NULL,
    reason TEXT NOT NULL, formats TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS record_source ON record (source, entry);
CREATE TABLE IF NOT EXISTS alias (
    id TEXT NOT NULL, number INTEGER NOT NULL REFERENCES record (number) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS alias_id ON alias (id);
CREATE INDEX IF NOT EXISTS alias_number ON alias (number);
CREATE TABLE IF NOT EXISTS affected (
    ecosystem TEXT NOT NULL, name TEXT NOT NULL, versions TEXT NOT NULL, ranges TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES record (number) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS affected_name ON affected (ecosystem, name);
CREATE INDEX IF NOT EXISTS affected_number ON affected (number);
"""
_KNOWN = (
    "SELECT r.id, r.modified, r.aliases, r.summary, r.severity, r.score, r.impact, r.reason, "
    "r.formats, a.versions, a.ranges FROM affected a JOIN record r ON r.number = a.number "
    "WHERE a.ecosystem = ? AND a.name = ? AND NOT r.withdrawn ORDER BY r.id"
)


class StoreError(WeighbridgeError):
    """The file of vulnerabilities cannot be read or written; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one record says about one package."""

    id: str
    modified: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    score: float | None
    impact: str
    reason: str
    formats: tuple[str, ...]
    versions: str
    ranges: tuple[Range, ...]

    def lists(self, keys: Iterable[str]) -> bool:
        """Tell whether the record lists a version by one of its keys."""
        return any(f"\n{one}\n" in self.versions for one in keys)


@dataclass(frozen=True, slots=True)
class About:
    """What the file holds, and how old it is.

    Attributes:
        records: those that are in force.
        newest: when the newest record was changed, empty without records.
        imported: when the last import ended.
    """

    records: int
    withdrawn: int
    newest: str
    imported: str
    sources: tuple[tuple[str, int], ...]

    def age_days(self, now: datetime) -> int | None:
        """Return how many whole days ago the newest record was changed."""
        if not self.newest:
            return None
        return max(0, (now - datetime.fromisoformat(self.newest)).days)


def usual_place() -> str:
    """Return where the file is: WEIGHBRIDGE_DB, or in the folder for data of user or platform."""
    given = os.environ.get("WEIGHBRIDGE_DB", "")
    shared = os.environ.get("XDG_DATA_HOME") or os.path.join(
        os.path.expanduser("~"), ".local", "share"
    )
    folder = os.environ.get("WEIGHBRIDGE_DATA") or os.path.join(shared, "weighbridge")
    return given or os.path.join(folder, "vulnerabilities.sqlite3")


class Store:
    """An open file of vulnerabilities.

    Args:
        place: of the file; it is made when `writing` and there is none.
        writing: open it for an import.

    Raises:
        StoreError: it cannot be opened, or is something else.
    """

    def __init__(self, place: str, writing: bool = False) -> None:
        self.place = place
        try:
            if writing:
                self._db = sqlite3.connect(place, isolation_level=None)
                self._db.executescript("PRAGMA foreign_keys=ON; PRAGMA synchronous=OFF;" + _TABLES)
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", [FORMAT])
            else:
                address = f"file:{_quoted(place)}?mode=ro&immutable=1"
                self._db = sqlite3.connect(address, uri=True, check_same_thread=False)
            known = self.meta("format")
        except sqlite3.Error as error:
            raise StoreError(f"cannot open the vulnerabilities at {place}: {error}") from error
        if known != FORMAT:
            self.close()
            raise StoreError(f"{place} was made by another version; run weighbridge db update")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # -- reading ----------------------------------------------------------------------------------

    def about(self) -> About:
        """Return what the file holds.

        Raises:
            StoreError: the file is damaged.
        """
        try:
            count, withdrawn, newest, sources = json.loads(self.meta("about") or '[0, 0, "", []]')
            imported = self.meta("imported") or ""
            listed = tuple((str(name), int(number)) for name, number in sources)
            return About(int(count) - int(withdrawn), int(withdrawn), str(newest), imported, listed)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise StoreError(f"the vulnerabilities at {self.place} are damaged: {error}") from error

    def known(self, ecosystem: str, name: str) -> list[Known]:
        """Return what records in force say about a package, its name as the ecosystem compares it.

        Raises:
            StoreError: the file is damaged.
        """
        try:
            return [_known(row) for row in self._db.execute(_KNOWN, [ecosystem, name])]
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise StoreError(f"the vulnerabilities at {self.place} are damaged: {error}") from error

    def has_ecosystem(self, ecosystem: str) -> bool:
        """Tell whether anything is known of an ecosystem."""
        query = "SELECT 1 FROM affected WHERE ecosystem = ? LIMIT 1"
        return self._db.execute(query, [ecosystem]).fetchone() is not None

    def body(self, identifier: str) -> dict[str, Any] | None:
        """Return the OSV record with exactly this id, withdrawn ones too."""
        row = self._db.execute("SELECT body FROM record WHERE id = ?", [identifier]).fetchone()
        return None if row is None else json.loads(zlib.decompress(row[0]))

    def called(self, alias: str) -> list[str]:
        """Return the ids of the records that give this alias."""
        query = "SELECT r.id FROM alias a JOIN record r USING (number) WHERE a.id = ? ORDER BY 1"
        return [row[0] for row in self._db.execute(query, [alias])]

    # -- writing ----------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        """Return a remark about the file."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
        return None if row is None else str(row[0])

    def note(self, name: str, value: str) -> None:
        """Keep a remark about the file."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value])

    def finish(self) -> None:
        """Keep what :meth:`about` answers, and let SQLite look at its indexes."""
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(withdrawn), 0), coalesce(max(modified), '') FROM record"
        ).fetchone()
        sources = self._db.execute("SELECT source, count(*) FROM record GROUP BY 1 ORDER BY 1")
        self.note("about", json.dumps([*row, sources.fetchall()]))
        self.note("imported", now_text())
        self._db.execute("PRAGMA optimize")

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Write everything inside or nothing."""
        self._db.execute("BEGIN")
        with contextlib.ExitStack() as failed:
            failed.callback(self._db.execute, "ROLLBACK")
            yield
            failed.pop_all()
        self._db.execute("COMMIT")

    def digests(self, source: str) -> dict[str, tuple[bytes, str]]:
        """Return the digest and record id of each entry that came from a source."""
        query = "SELECT entry, digest, id FROM record WHERE source = ?"
        return {row[0]: (row[1], row[2]) for row in self._db.execute(query, [source])}

    def modified(self, identifier: str) -> str:
        """Return when the record with this id was changed, empty when there is none."""
        query = "SELECT modified FROM record WHERE id = ?"
        row = self._db.execute(query, [identifier]).fetchone()
        return "" if row is None else str(row[0])

    def put(
        self, record: Record, found: Assessment, source: str, entry: str, digest: bytes
    ) -> None:
        """Keep a record in place of one with the same id."""
        self._db.execute("DELETE FROM record WHERE id = ?", [record.id])
        body = zlib.compress(json.dumps(record.body, separators=(",", ":")).encode(), 1)
        number = self._db.execute(
            "INSERT INTO record VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                *(record.id, source, entry, digest, record.modified, record.withdrawn),
                *("\n".join(record.aliases), record.summary[:500] or _first_line(record.text)),
                *(found.severity, found.score, found.impact.name, found.impact.reason),
                *("\n".join(found.formats), body),
            ],
        ).lastrowid
        self._db.executemany(
            "INSERT INTO alias VALUES (?,?)", [(alias, number) for alias in record.aliases]
        )
        self._db.executemany(
            "INSERT INTO affected VALUES (?,?,?,?,?)",
            [
                (one.ecosystem, one.name, _listed(one.versions), _written(one.ranges), number)
                for one in record.affected
            ],
        )

    def drop(self, identifiers: Iterable[str]) -> None:
        """Forget records."""
        self._db.executemany("DELETE FROM record WHERE id = ?", [(one,) for one in identifiers])


def digest_of(data: bytes) -> bytes:
    """Return what tells whether an entry is the same as before."""
    return hashlib.sha256(data).digest()[:16]


def now_text() -> str:
    """Return the time as records write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_line(text: str) -> str:
    line = " ".join(text.split())[:200]
    return line.split(". ")[0]


def _listed(versions: Iterable[str]) -> str:
    from weighbridge.libraries.versions import key  # Reading needs no comparison of versions.

    keys = dict.fromkeys(key(one) for one in versions)
    return "\n".join(("", *keys, "")) if keys else ""


def _written(ranges: Iterable[Range]) -> str:
    return json.dumps([one.events for one in ranges], separators=(",", ":"))


def _known(row: tuple[Any, ...]) -> Known:
    identifier, modified, aliases, summary, severity, score, impact, reason, formats, *rest = row
    versions, ranges = rest
    return Known(
        *(identifier, modified, tuple(aliases.split("\n")) if aliases else (), summary, severity),
        *(score, impact, reason, tuple(formats.split("\n")) if formats else (), versions),
        tuple(Range(tuple((kind, text) for kind, text in one)) for one in json.loads(ranges)),
    )


def _quoted(place: str) -> str:
    from urllib.parse import quote

    return quote(os.path.abspath(place))
