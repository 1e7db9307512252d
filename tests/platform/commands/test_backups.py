"""Backup and restore: everything comes back, on either database, and the guards stand again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from registry import decided_malicious, infected, only_case, scanned

from weighbridge.platform import backups
from weighbridge.platform.advisories.models import Advisory, Revision
from weighbridge.platform.audit import chain
from weighbridge.platform.audit.models import Event
from weighbridge.platform.scans.models import ArtifactReport, Scan
from weighbridge.platform.web.health import triggers_missing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    scanned(infected())
    decided_malicious(only_case())
    return tmp_path / "backup.zip"


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table that is backed up."""
    found = {}
    with connection.cursor() as cursor:
        for model in backups._models():
            meta = model._meta
            columns = ", ".join(connection.ops.quote_name(f.column) for f in meta.concrete_fields)
            key = connection.ops.quote_name(meta.pk.column)
            cursor.execute(f"SELECT {columns} FROM {meta.db_table} ORDER BY {key}")
            found[meta.label] = [
                tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
                for row in cursor.fetchall()
            ]
    return found


def test_rows_come_back_exactly_and_are_guarded(place: Path) -> None:
    before = everything()
    manifest = backups.back_up(place, portable=True)
    assert manifest["form"] == "rows"
    scanned(infected("other"), name="later.pkl")
    backups.restore(place, replace=True)
    assert everything() == before
    assert chain.verify().ok
    assert triggers_missing() == ""
    with pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.all().update(content="{}")
    scanned(infected("again"), name="after.pkl")  # numbers go on where they were


def test_times_are_those_of_the_backup(place: Path) -> None:
    when = Scan.objects.get().created_at
    backups.back_up(place, portable=True)
    backups.restore(place, replace=True)
    assert Scan.objects.get().created_at == when


def test_a_database_that_holds_something_is_not_overwritten_by_accident(place: Path) -> None:
    backups.back_up(place, portable=True)
    before = everything()
    with pytest.raises(backups.BackupError, match="--replace"):
        backups.restore(place)
    assert everything() == before


def test_a_damaged_backup_changes_nothing(place: Path, tmp_path: Path) -> None:
    backups.back_up(place, portable=True)
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(place) as good, zipfile.ZipFile(damaged, "w") as bad:
        bad.writestr("manifest.json", good.read("manifest.json"))
        lines = good.read("rows.jsonl").splitlines(keepends=True)
        bad.writestr("rows.jsonl", b"".join(lines[:-1]))
    before = everything()
    with pytest.raises(backups.BackupError, match="damaged"):
        backups.restore(damaged, replace=True)
    assert everything() == before
    assert triggers_missing() == ""


def test_something_else_is_no_backup(place: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.zip"
    wrong.write_text("not a zip")
    with pytest.raises(backups.BackupError, match="no backup"):
        backups.restore(wrong, replace=True)


def test_a_place_that_cannot_be_written_is_named(place: Path, tmp_path: Path) -> None:
    with pytest.raises(backups.BackupError, match="cannot write"):
        backups.back_up(tmp_path / "missing" / "backup.zip")


@pytest.mark.skipif(not settings.EMBEDDED, reason="the embedded database only")
def test_the_embedded_database_is_copied_while_in_use(place: Path) -> None:
    before = everything()
    manifest = backups.back_up(place)
    assert manifest["form"] == "sqlite"
    assert place.stat().st_mode & 0o777 == 0o600
    copy = place.parent / "copy.sqlite3"
    with zipfile.ZipFile(place) as archive:
        copy.write_bytes(archive.read("database.sqlite3"))
        assert json.loads(archive.read("manifest.json"))["version"]
    import sqlite3

    with sqlite3.connect(copy) as database:
        (events,) = database.execute("SELECT count(*) FROM audit_event").fetchone()
    assert events == len(before["audit.Event"]) == Event.objects.count()
    assert Advisory.objects.count() == 1 and ArtifactReport.objects.count() == 1
