"""Small OSV records made by hand, and the folder of real ones where it is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

SETS = ("pypa-advisories", "ai-library-advisories")


def record(identifier: str = "CVE-2030-1", package: str = "demo", **fields: Any) -> dict[str, Any]:
    """Return a record about one package; `events` and `versions` say which versions."""
    events = fields.pop("events", [{"introduced": "0"}, {"fixed": "2.0"}])
    affected: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": package}}
    if events:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": events}]
    if versions := fields.pop("versions", None):
        affected["versions"] = versions
    return {
        "schema_version": "1.7.0",
        "id": identifier,
        "modified": "2030-01-02T03:04:05Z",
        "summary": "It breaks",
        "affected": [affected],
        **fields,
    }


def folder_of(place: Path, *records: dict[str, Any]) -> Path:
    """Write records into a folder, one file each."""
    place.mkdir(parents=True, exist_ok=True)
    for one in records:
        (place / f"{one['id']}.json").write_text(json.dumps(one))
    return place


def real_folders() -> list[Path]:
    """Return the folders of real records; skips the test where they are not at hand."""
    named = os.environ.get("WEIGHBRIDGE_ADVISORIES")
    base = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    found = [base / name for name in SETS]
    if not all(folder.is_dir() for folder in found):
        pytest.skip("the real records are not here; name their folder in WEIGHBRIDGE_ADVISORIES")
    return found
