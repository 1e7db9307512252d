"""Imports: whole or not at all, and only what is new."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from libraries.osv_records import folder_of, record
from weighbridge.libraries import importing
from weighbridge.libraries.entries import Entry
from weighbridge.libraries.importing import import_records
from weighbridge.libraries.store import Store, StoreError


def ids(database: str) -> set[str]:
    store = Store(database)
    try:
        return {one.id for one in store.known("PyPI", "demo")}
    finally:
        store.close()


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "data" / "known.sqlite3")


def test_a_folder_of_json_and_yaml(tmp_path: Path, database: str) -> None:
    folder = folder_of(tmp_path / "in", record("CVE-2030-1"))
    (folder / "b.yaml").write_text(
        "id: PYSEC-2030-2\nmodified: 2030-01-02T03:04:05Z\naffected:\n"
        "- package: {name: demo, ecosystem: PyPI}\n  versions: ['1.0']\n"
    )
    assert import_records(database, str(folder)).added == 2
    assert ids(database) == {"CVE-2030-1", "PYSEC-2030-2"}


def test_a_zip_and_a_list(tmp_path: Path, database: str) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("CVE-2030-1.json", json.dumps(record("CVE-2030-1")))
    (tmp_path / "list.json").write_text(json.dumps([record("CVE-2030-2"), record("CVE-2030-3")]))
    import_records(database, str(tmp_path / "all.zip"))
    assert import_records(database, str(tmp_path / "list.json")).added == 2
    assert ids(database) == {"CVE-2030-1", "CVE-2030-2", "CVE-2030-3"}


def test_malformed_records_are_refused_one_by_one(tmp_path: Path, database: str) -> None:
    folder = folder_of(tmp_path / "in", record("CVE-2030-1"))
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({**record("CVE-2030-2"), "modified": "today"}))
    (folder / "c.yaml").write_text("!!python/object/apply:os.system [true]")
    done = import_records(database, str(folder))
    assert (done.added, done.refused) == (1, 3)
    assert dict(done.reasons) == {
        "a.json": "neither JSON nor YAML",
        "b.json": "modified is no time in UTC",
        "c.yaml": "neither JSON nor YAML",
    }


def test_the_second_time_only_what_changed_is_read(tmp_path: Path, database: str) -> None:
    folder = folder_of(tmp_path / "in", *(record(f"CVE-2030-{n}") for n in range(5)))
    import_records(database, str(folder))
    folder_of(folder, record("CVE-2030-1", summary="Said otherwise"))
    (folder / "CVE-2030-2.json").unlink()
    done = import_records(database, str(folder))
    assert (done.changed, done.unchanged, done.dropped) == (1, 3, 1)
    assert "CVE-2030-2" not in ids(database)


def test_what_is_refused_now_stays_as_it_was(tmp_path: Path, database: str) -> None:
    folder = folder_of(tmp_path / "in", record("CVE-2030-1"))
    import_records(database, str(folder))
    (folder / "CVE-2030-1.json").write_text("damaged")
    assert import_records(database, str(folder)).refused == 1
    assert ids(database) == {"CVE-2030-1"}


def test_other_sources_are_left_alone_and_the_newer_record_wins(
    tmp_path: Path, database: str
) -> None:
    new = record("CVE-2030-1", summary="new", modified="2030-06-01T00:00:00Z")
    import_records(database, str(folder_of(tmp_path / "a", new, record("CVE-2030-2"))))
    done = import_records(database, str(folder_of(tmp_path / "b", record("CVE-2030-1"))))
    assert done.kept == 1
    store = Store(database)
    body = store.body("CVE-2030-1")
    store.close()
    assert body is not None and body["summary"] == "new"
    assert ids(database) == {"CVE-2030-1", "CVE-2030-2"}


def test_an_interrupted_import_changes_nothing_and_is_continued(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_records(database, str(folder_of(tmp_path / "a", record("CVE-2029-1"))))
    folder = folder_of(tmp_path / "b", *(record(f"CVE-2030-{n}") for n in range(6)))
    monkeypatch.setattr(importing, "_BATCH", 2)

    whole = importing.entries

    def broken(place: str) -> Iterator[Entry | str]:
        for number, entry in enumerate(whole(place)):
            if number == 5:
                raise KeyboardInterrupt
            yield entry

    monkeypatch.setattr(importing, "entries", broken)
    with pytest.raises(KeyboardInterrupt):
        import_records(database, str(folder))
    assert ids(database) == {"CVE-2029-1"}

    monkeypatch.setattr(importing, "entries", whole)
    done = import_records(database, str(folder))
    assert (done.unchanged, done.added) == (4, 2)
    assert len(ids(database)) == 7


def test_two_imports_at_once_are_refused(tmp_path: Path, database: str) -> None:
    folder = folder_of(tmp_path / "in", record())
    import_records(database, str(folder))
    with (
        importing._alone(f"{database}.lock"),
        pytest.raises(StoreError, match="another weighbridge db update"),
    ):
        import_records(database, str(folder))


def test_a_damaged_zip_changes_nothing(tmp_path: Path, database: str) -> None:
    (tmp_path / "all.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(StoreError, match="damaged zip"):
        import_records(database, str(tmp_path / "all.zip"))
    assert not Path(database).exists()


def test_something_else_in_place_of_the_file(tmp_path: Path) -> None:
    place = tmp_path / "known.sqlite3"
    place.write_bytes(b"something else" * 100)
    with pytest.raises(StoreError):
        Store(str(place))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_costs_that_member(tmp_path: Path, database: str, method: int) -> None:
    place = tmp_path / "all.zip"
    with zipfile.ZipFile(place, "w", method) as archive:
        for name in ("CVE-2030-1", "CVE-2030-2"):
            archive.writestr(f"{name}.json", json.dumps(record(name)))
        first = archive.getinfo("CVE-2030-1.json")
    data = bytearray(place.read_bytes())
    start = first.header_offset + 30 + len(first.filename)
    for at in range(start + 4, start + first.compress_size):
        data[at] ^= 0xFF
    place.write_bytes(data)
    done = import_records(database, str(place))
    assert (done.added, done.refused) == (1, 1)
    assert done.reasons[0][0] == "CVE-2030-1.json"
