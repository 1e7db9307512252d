"""The report for programs, against its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_reports import HOSTILE, clean, finding, hostile, mixed, report

from weighbridge.findings.model import ScanReport
from weighbridge.reports.json_report import FailedTarget, render_one, render_several

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "scan-1.schema.json"


def validate(document: object) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def document(one: ScanReport) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(render_one(one, "7"))
    return value


@pytest.mark.parametrize("make", [clean, mixed, hostile, report])
def test_the_schema_holds(make: Any) -> None:
    validate(document(make()))
    validate(json.loads(render_several([make(), make()], [FailedTarget("x", "y")], "7")))


def test_the_schema_is_strict_enough() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    for path in ("verdict", "files", "tool", "complete", "libraries"):
        broken = document(clean())
        del broken[path]
        with pytest.raises(jsonschema.ValidationError):
            validate(broken)
    broken = document(mixed())
    broken["findings"][0]["kind"] = "clean"
    with pytest.raises(jsonschema.ValidationError):
        validate(broken)


def test_the_fields_of_the_contract() -> None:
    one = document(mixed())
    assert list(one)[:10] == [
        "schema",
        "complete",
        "tool",
        "target",
        "provider",
        "revision",
        "verdict",
        "summary",
        "files",
        "findings",
    ]
    assert one["schema"] == "weighbridge.scan/1"
    assert one["tool"]["rules"] == "7"
    assert one["libraries"] == []
    assert one["summary"] == {
        "files": 5,
        "bytes_total": 50,
        "bytes_read": 50,
        "bytes_fetched": 0,
        "seconds": 0.25,
        "by_verdict": {
            "malicious": 1,
            "suspicious": 1,
            "inconclusive": 1,
            "weakness": 1,
            "clean": 1,
        },
    }
    assert [item["id"] for item in one["findings"]] == ["F1", "F2", "F3", "F4"]
    assert one["findings"][3]["member"] == "archive/data.pkl"
    assert one["findings"][0]["advisories"] == []
    assert one["files"][2]["coverage"]["notes"] == [
        {
            "code": "limit-depth",
            "text": "nested deeper than 6 levels",
            "offset": 99,
            "member": "a.zip!b.zip",
        }
    ]


def test_several_targets() -> None:
    several = json.loads(render_several([clean(), mixed()], [], "7"))
    assert several["schema"] == "weighbridge.scans/1"
    assert several["verdict"] == "malicious"
    assert [one["verdict"] for one in several["reports"]] == ["clean", "malicious"]


def test_a_target_that_could_not_be_scanned_is_never_clean() -> None:
    several = json.loads(render_several([clean()], [FailedTarget("x", "no such file")], "7"))
    assert several["verdict"] == "inconclusive"
    assert several["errors"] == [{"target": "x", "text": "no such file"}]


def test_hostile_names_are_plain_ascii_and_valid_unicode() -> None:
    text = render_one(hostile(), "7")
    assert text.isascii()
    assert all(char.isprintable() or char == "\n" for char in text)
    path = json.loads(text)["files"][0]["path"]
    assert path == HOSTILE.replace("\udcff", "\\udcff")
    path.encode()


@given(st.recursive(st.text() | st.characters(categories=["Cs"]), st.lists))
def test_any_evidence_becomes_valid_json(value: object) -> None:
    one = report(findings=(finding(evidence={"value": value}),))
    json.loads(render_one(one, "7"))["findings"][0]["evidence"]["value"].__str__().encode()
