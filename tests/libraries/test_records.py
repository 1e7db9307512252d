"""What is a valid record, and what is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from libraries.osv_records import record
from weighbridge.libraries.assessing import assess
from weighbridge.libraries.records import Refused, checked

COMMIT = "a" * 40


@pytest.mark.parametrize(
    "change",
    [
        {"id": "no prefix"},
        {"id": None},
        {"schema_version": "2.0"},
        {"modified": None},
        {"modified": "2030-01-02T03:04:05+01:00"},
        {"modified": "0001-01-01T00:00:00Z"},
        {"modified": "2030-13-01T00:00:00Z"},
        {"published": 7},
        {"aliases": "CVE-2030-2"},
        {"aliases": [7]},
        {"summary": ["text"]},
        {"affected": {"package": {}}},
        {"affected": [{"package": {"ecosystem": "PyPI"}}]},
        {"affected": [{"versions": "1.0"}]},
        {"affected": [{"ranges": [{"type": "NEW", "events": [{"introduced": "0"}]}]}]},
        {"affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1.0"}]}]}]},
        {"affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"until": "1.0"}]}]}]},
        {"affected": [{"versions": ["9" * 500]}]},
        {"database_specific": []},
    ],
)
def test_what_is_malformed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        checked({**record(), **change})


@pytest.mark.parametrize("value", [None, [], "text", 7])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        checked(value)


def test_one_thing_referred_to_a_billion_times_is_refused() -> None:
    bomb: list[Any] = ["ha"]
    for _ in range(12):
        bomb = [bomb] * 10
    with pytest.raises(Refused):
        checked({**record(), "database_specific": {"bomb": bomb}})


def test_dates_as_yaml_reads_them_become_times_again() -> None:
    body = checked({**record(), "modified": datetime(2030, 1, 2, 3, 4, 5, 678901)}).body
    assert body["modified"] == "2030-01-02T03:04:05.678901Z"


def test_more_digits_than_pip_audit_reads_are_cut() -> None:
    body = checked({**record(), "published": "2030-01-02T03:04:05.123456789Z"}).body
    assert body["published"] == "2030-01-02T03:04:05.123456Z"


def test_a_range_of_something_else_than_commits_is_left_out() -> None:
    one = record()
    one["affected"][0]["ranges"] += [
        {"type": "GIT", "repo": "https://x.example/r", "events": [{"introduced": text}]}
        for text in (f"{COMMIT}.patch", COMMIT)
    ]
    kept = checked(one).body["affected"][0]["ranges"]
    assert [(part["type"], part["events"][0]["introduced"]) for part in kept] == [
        ("ECOSYSTEM", "0"),
        ("GIT", COMMIT),
    ]


def test_null_and_unknown_fields_are_left_out() -> None:
    body = checked({**record(), "aliases": None, "surprise": 1}).body
    assert "aliases" not in body and "surprise" not in body


def test_names_are_compared_as_pypi_compares_them() -> None:
    assert checked(record(package="Demo_Pack.age")).affected[0].name == "demo-pack-age"


VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U"


@pytest.mark.parametrize(
    ("fields", "impact", "reason"),
    [
        ({"database_specific": {"cwe_ids": ["CWE-502"]}}, "code-execution", "CWE-502"),
        ({"database_specific": {"cwe_ids": ["CWE-787"]}}, "memory-corruption", "CWE-787"),
        ({"database_specific": {"cwe_ids": ["CWE-1333"]}}, "denial-of-service", "CWE-1333"),
        ({"database_specific": {"cwe_ids": ["CWE-184", "CWE-502"]}}, "other", "CWE-184"),
        ({"database_specific": {"cwe_ids": ["CWE-22"]}}, "information-disclosure", "CWE-22"),
        (
            {
                "database_specific": {"cwe_ids": ["CWE-502"]},
                "severity": [{"type": "CVSS_V3", "score": f"{VECTOR}/C:N/I:N/A:H"}],
            },
            "denial-of-service",
            "CWE-502 with CVSS A only",
        ),
        (
            {"severity": [{"type": "CVSS_V3", "score": f"{VECTOR}/C:H/I:N/A:N"}]},
            "information-disclosure",
            "CVSS C only",
        ),
        ({"details": "A heap buffer overflow."}, "memory-corruption", "text: heap buffer overflow"),
        ({"details": "Something odd."}, "other", "neither CWE, CVSS nor text tells more"),
        # Structure beats words.
        (
            {
                "details": "Arbitrary code execution!",
                "database_specific": {"cwe_ids": ["CWE-476"]},
            },
            "denial-of-service",
            "CWE-476",
        ),
    ],
)
def test_impact_and_why(fields: dict[str, Any], impact: str, reason: str) -> None:
    found = assess(checked({**record(summary="A flaw"), **fields})).impact
    assert (found.name, found.reason) == (impact, reason)


def test_severity_from_the_vector_else_from_the_label() -> None:
    scored = record(severity=[{"type": "CVSS_V3", "score": f"{VECTOR}/C:H/I:H/A:H"}])
    labelled = record(database_specific={"severity": "MODERATE"})
    assert (assess(checked(scored)).severity, assess(checked(scored)).score) == ("high", 8.8)
    assert assess(checked(labelled)).severity == "medium"
    assert assess(checked(record())).severity == "unknown"


def test_the_models_own_format_as_the_vector() -> None:
    named = record(database_specific={"model_format": "keras"})
    told = record(
        details="A hostile file given to torch.load runs code.",
        database_specific={"cwe_ids": ["CWE-502"]},
    )
    assert assess(checked(named)).formats == ("keras",)
    assert assess(checked(told)).formats == ("pytorch",)
    assert assess(checked(record())).formats == ()
