"""Backups: everything in the database as of one moment, in one zip file.

Two forms. ``sqlite`` is a copy of the embedded database, made while it is in use. ``rows`` is one
JSON object per row and line, read in one snapshot; it can be restored into either database.
The secret key and the spool are left out: after a restore people log in again, and uploads that
were not scanned yet must be sent again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS as DATABASE
from django.db import connection, transaction
from django.db.models import Model

from weighbridge import __version__
from weighbridge.errors import WeighbridgeError
from weighbridge.platform.advisories.protection import GUARDS as ADVISORIES
from weighbridge.platform.audit import guards
from weighbridge.platform.audit.protection import GUARDS as AUDIT

SCHEMA = "weighbridge.backup/1"
_DATABASE = "database.sqlite3"
_ROWS = "rows.jsonl"
_LEFT_OUT = {"sessions.session", "contenttypes.contenttype", "auth.permission"}
_BATCH = 500
_BLOCK = 1 << 20


class BackupError(WeighbridgeError):
    """A backup could not be made or restored; nothing was changed."""


def back_up(place: Path, portable: bool = False) -> dict[str, Any]:
    """Write a backup to `place`, which appears whole or not at all, and return its manifest.

    Args:
        place: of the zip file.
        portable: rows even from the embedded database.

    Raises:
        BackupError: `place` cannot be written.
    """
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            open(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            embedded = settings.EMBEDDED and not portable
            manifest = _write_copy(archive) if embedded else _write_rows(archive)
            archive.writestr("manifest.json", json.dumps(manifest, indent=2))
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place)
    except OSError as error:
        raise BackupError(f"cannot write {place}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return manifest


def _manifest(form: str, digest: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "form": form,
        "version": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "migrations": _migrations(),
        "sha256": digest,
    }


def _migrations() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        return [f"{app}.{name}" for app, name in cursor.fetchall()]


def _write_copy(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Copy the embedded database page by page with SQLite's own means."""
    with tempfile.TemporaryDirectory(dir=settings.WEIGHBRIDGE_DATA) as folder:
        copy = Path(folder) / _DATABASE
        connection.ensure_connection()
        target = sqlite3.connect(copy)
        try:
            connection.connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        finally:
            target.close()
        archive.write(copy, _DATABASE)
        with open(copy, "rb") as file:
            return _manifest("sqlite", hashlib.file_digest(file, "sha256").hexdigest())


def _write_rows(archive: zipfile.ZipFile) -> dict[str, Any]:
    digest = hashlib.sha256()
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with archive.open(_ROWS, "w", force_zip64=True) as member:
            for line in _lines():
                digest.update(line)
                member.write(line)
        return _manifest("rows", digest.hexdigest())


def _models() -> list[type[Model]]:
    """Return the tables to keep, in any order: references are checked at the transaction's end."""
    return [model for model in apps.get_models() if model._meta.label_lower not in _LEFT_OUT]


def _lines() -> Iterator[bytes]:
    for model in _models():
        fields = model._meta.concrete_fields
        for row in model._default_manager.order_by("pk").iterator(chunk_size=_BATCH):
            values = {field.attname: _packed(getattr(row, field.attname)) for field in fields}
            yield json.dumps([model._meta.label_lower, values]).encode() + b"\n"


def _packed(value: Any) -> Any:
    """Return a column's value as JSON from which `_unpacked` makes exactly the same value."""
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode()}
    return {"json": value} if isinstance(value, dict | list) else value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "time" in value:
        return datetime.fromisoformat(value["time"])
    return base64.b64decode(value["bytes"]) if "bytes" in value else value["json"]


def restore(place: Path, replace: bool = False) -> dict[str, Any]:
    """Put a backup into the database of the settings and return its manifest.

    Args:
        place: of the zip file.
        replace: also when the database holds something, all of which is then lost.

    Raises:
        BackupError: the file is none of ours or damaged, or the database is not empty.
    """
    try:
        with zipfile.ZipFile(place) as archive:
            manifest = _read_manifest(archive)
            if not replace and _holds_something():
                raise BackupError("the database holds data; --replace would remove all of it")
            if manifest["form"] == "sqlite":
                _restore_copy(archive, manifest)
            else:
                _restore_rows(archive, manifest)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise BackupError(f"{place} is no backup, or is damaged: {error}") from error
    return manifest


def _read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest = json.loads(archive.read("manifest.json"))
    except ValueError as error:
        raise BackupError("the backup's manifest is damaged") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise BackupError("this is no backup that this version can read")
    return manifest


def _holds_something() -> bool:
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in ("accounts_user", "catalog_artifact", "audit_event"):
            if table in tables:
                cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")
                if cursor.fetchone():
                    return True
    return False


def _restore_copy(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    if not settings.EMBEDDED:
        raise BackupError("this is a copy of an embedded database; make one with --portable")
    place = Path(settings.DATABASES["default"]["NAME"])
    copy = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with archive.open(_DATABASE) as member, open(copy, "xb") as file:
            copy.chmod(0o600)
            digest = _copied(member, file)
        if digest != manifest["sha256"]:
            raise BackupError("the backup is damaged: the database in it has another hash")
        connection.close()
        for ending in ("-wal", "-shm"):
            Path(f"{place}{ending}").unlink(missing_ok=True)
        os.replace(copy, place)
    finally:
        copy.unlink(missing_ok=True)
    call_command("migrate", verbosity=0, interactive=False)


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
        target.write(block)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest()


def _restore_rows(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Load the rows in one transaction; the guards make room for it and stand again at its end."""
    call_command("migrate", verbosity=0, interactive=False)
    if set(manifest["migrations"]) - set(_migrations()):
        raise BackupError("the backup is of a newer version; install that one first")
    protected = [*AUDIT, *ADVISORIES]
    digest = hashlib.sha256()
    with transaction.atomic(), connection.constraint_checks_disabled():
        guards.remove(connection, protected)
        _empty()
        with archive.open(_ROWS) as member:
            _load(member, digest)
        if digest.hexdigest() != manifest["sha256"]:
            raise BackupError("the backup is damaged: the rows in it have another hash")
        connection.check_constraints()
        _set_sequences()
        guards.install(connection, protected)


def _empty() -> None:
    with connection.cursor() as cursor:
        for model in reversed(_models()):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")


def _load(member: IO[bytes], digest: Any) -> None:
    batch: list[Model] = []
    for line in member:
        digest.update(line)
        label, values = json.loads(line)
        model = apps.get_model(label)
        if batch and (model is not type(batch[0]) or len(batch) >= _BATCH):
            _insert(batch)
            batch = []
        batch.append(model(**{name: _unpacked(value) for name, value in values.items()}))
    _insert(batch)


def _insert(rows: list[Model]) -> None:
    """Insert rows as they are: no default and no time of today takes the place of a value."""
    if rows:
        meta = rows[0]._meta
        manager = type(rows[0])._base_manager
        size = connection.ops.bulk_batch_size(list(meta.concrete_fields), rows)
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            manager._insert(some, meta.concrete_fields, using=DATABASE, raw=True)  # type: ignore[attr-defined]


def _set_sequences() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)
