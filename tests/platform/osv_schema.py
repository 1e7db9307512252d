"""The official schema of OSV records, where it is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def schema_errors(osv: dict[str, Any]) -> list[str]:
    """What is wrong with a record."""
    jsonschema = pytest.importorskip("jsonschema")
    named = os.environ.get("WEIGHBRIDGE_SCHEMAS")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data" / "schemas"
    place = folder / "osv-schema.json"
    if not place.is_file():
        pytest.skip("the official OSV schema is not here; name its folder in WEIGHBRIDGE_SCHEMAS")
    kind = jsonschema.Draft202012Validator
    validator = kind(json.loads(place.read_text()), format_checker=kind.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(osv)]
