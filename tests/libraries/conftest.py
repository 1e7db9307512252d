"""Files of vulnerabilities for the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from libraries.osv_records import folder_of, real_folders
from weighbridge.libraries.importing import import_records
from weighbridge.libraries.store import Store


@pytest.fixture
def store_of(tmp_path: Path) -> Callable[..., Store]:
    """Return what makes a store of records."""

    def make(*records: dict[str, Any]) -> Store:
        database = str(tmp_path / "known.sqlite3")
        import_records(database, str(folder_of(tmp_path / "records", *records)))
        return Store(database)

    return make


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """All real records."""
    folders = real_folders()
    database = str(tmp_path_factory.mktemp("real") / "known.sqlite3")
    for folder in folders:
        assert import_records(database, str(folder)).refused == 0
    store = Store(database)
    yield store
    store.close()
