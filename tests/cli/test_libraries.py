"""Libraries and their vulnerabilities on the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from cli.commands import environment, weigh
from libraries.osv_records import folder_of, record

KERAS = {
    "events": [{"introduced": "3.0.0"}, {"fixed": "3.9.0"}],
    "aliases": ["GHSA-aaaa-bbbb-cccc"],
    "database_specific": {
        "cwe_ids": ["CWE-94"],
        "severity": "CRITICAL",
        "model_format": "keras",
    },
}


@pytest.fixture
def known(tmp_path: Path) -> dict[str, str]:
    folder = folder_of(tmp_path / "records", record("CVE-2030-1", "keras", **KERAS))
    here = environment(WEIGHBRIDGE_DB=str(tmp_path / "known.sqlite3"))
    done = weigh("db", "update", "--from", folder, env=here)
    assert done.returncode == 0, done.stderr
    assert "1 new, 0 changed, 0 unchanged, 0 refused" in done.stdout
    return here


@pytest.fixture
def project(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "requirements.txt").write_text("keras==3.8.0\n")
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": []}}
    with zipfile.ZipFile(place / "model.keras", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.8.0"}))
        archive.writestr("config.json", json.dumps({**config, "registered_name": None}))
    return place


def test_a_vulnerable_pin_is_named_and_the_verdict_stays(
    known: dict[str, str], project: Path
) -> None:
    done = weigh("scan", project, env=known)
    assert done.returncode == 0
    assert "CLEAN" in done.stdout
    text = " ".join(done.stdout.split())
    assert "critical keras 3.8.0 (requirements.txt): 1 critical; CVE-2030-1" in text
    assert "(code execution, through model.keras, fixed in 3.9.0)" in text
    assert "vulnerability data of 2030-01-02" in text


def test_in_json_each_vulnerability_stands_with_class_and_fix(
    known: dict[str, str], project: Path
) -> None:
    report = json.loads(weigh("scan", project, "--format", "json", env=known).stdout)
    declared = next(one for one in report["libraries"] if one["relation"] == "declared")
    assert (declared["name"], declared["version"], declared["declared_in"]) == (
        "keras",
        "3.8.0",
        "requirements.txt",
    )
    (found,) = declared["vulnerabilities"]
    assert found["aliases"] == ["GHSA-aaaa-bbbb-cccc"]
    assert (found["impact"], found["impact_reason"]) == ("code-execution", "CWE-94")
    assert found["fixed_in"] == ["3.9.0"]
    assert found["carried_by"] == ["model.keras"]
    saved = next(one for one in report["libraries"] if one["relation"] == "saved-with")
    assert saved["vulnerabilities"][0]["carried_by"] == []
    assert report["vulnerability_data"]["records"] == 1


def test_without_records_libraries_are_listed_and_nothing_is_claimed(
    project: Path, tmp_path: Path
) -> None:
    here = environment(WEIGHBRIDGE_DB=str(tmp_path / "none"))
    report = json.loads(weigh("scan", project, "--format", "json", env=here).stdout)
    assert {one["name"] for one in report["libraries"]} == {"keras"}
    assert report["vulnerability_data"] is None
    done = weigh("scan", project, "--environment", env=here)
    assert done.returncode == 2
    assert "weighbridge db update" in done.stderr


def test_the_environment_answers_for_this_machine(known: dict[str, str], project: Path) -> None:
    done = weigh("scan", project, "--environment", "--format", "json", env=known)
    report = json.loads(done.stdout)
    names = {one["name"] for one in report["libraries"] if one["relation"] == "installed"}
    assert {"click", "urllib3"} <= names


def test_damaged_records_are_an_error_and_no_traceback(project: Path, tmp_path: Path) -> None:
    place = tmp_path / "known.sqlite3"
    place.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    done = weigh("scan", project, env=environment(WEIGHBRIDGE_DB=str(place)))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "vulnerabilities" in done.stderr


def test_malformed_records_are_counted_and_shown(tmp_path: Path) -> None:
    here = environment(WEIGHBRIDGE_DB=str(tmp_path / "known.sqlite3"))
    (tmp_path / "bad.json").write_text('[{"id": "x\\u001b[31m"}, 7]')
    done = weigh("db", "update", "--from", tmp_path / "bad.json", env=here)
    assert "2 refused" in done.stdout
    assert "\x1b" not in done.stdout
    assert weigh("db", "update", "--from", tmp_path / "none", env=here).returncode == 2


def test_info_says_how_old_the_data_is(known: dict[str, str], tmp_path: Path) -> None:
    done = weigh("db", "info", env=known)
    assert "1 records in force, 0 withdrawn; the newest is of 2030-01-02" in done.stdout
    missing = environment(WEIGHBRIDGE_DB=str(tmp_path / "none"))
    assert weigh("db", "info", env=missing).returncode == 2


# -- bills of materials ----------------------------------------------------------------------------


def test_a_bill_of_materials_of_a_scan_is_checked(
    known: dict[str, str], project: Path, tmp_path: Path
) -> None:
    pytest.importorskip("cyclonedx")
    bom = tmp_path / "bom.json"
    done = weigh("scan", project, "--format", "cyclonedx", "--output", bom, env=known)
    assert done.returncode == 0, done.stderr
    digest = json.loads(bom.read_text())["components"][-1]["components"][0]["hashes"][0]["content"]
    advisory = {
        **record("MAL-2030-7"),
        "affected": [{"database_specific": {"files": [{"sha256": digest}]}}],
    }
    (tmp_path / "advisory.json").write_text(json.dumps(advisory))
    done = weigh("bom", "check", bom, "--advisories", tmp_path / "advisory.json", env=known)
    assert done.returncode == 1
    assert "keras 3.8.0: CVE-2030-1 (code-execution)" in done.stdout
    assert "model.keras: MAL-2030-7" in done.stdout
    assert "1 packages with a version, 1 models; 2 affected" in done.stdout


COMMIT = "c" * 40


@pytest.mark.parametrize(
    ("purl", "affected"),
    [
        (f"pkg:huggingface/Org/Net@{COMMIT}", True),
        ("pkg:huggingface/org/net", True),
        (f"pkg:huggingface/org/net@{'d' * 40}", False),
        (f"pkg:huggingface/org/other@{COMMIT}", False),
        (f"pkg:pypi/net@{COMMIT}", False),
    ],
)
def test_a_model_is_found_by_its_package_url(
    tmp_path: Path, known: dict[str, str], purl: str, affected: bool
) -> None:
    pytest.importorskip("cyclonedx")
    package = {"ecosystem": "Hugging Face", "name": "org/net", "purl": "pkg:huggingface/org/net"}
    advisory = {**record("MAL-2030-7"), "affected": [{"package": package, "versions": [COMMIT]}]}
    (tmp_path / "advisory.json").write_text(json.dumps(advisory))
    component = {"type": "machine-learning-model", "name": "net", "purl": purl}
    bom = tmp_path / "bom.json"
    bom.write_text(json.dumps({"bomFormat": "CycloneDX", "components": [component]}))
    done = weigh("bom", "check", bom, "--advisories", tmp_path / "advisory.json", env=known)
    assert done.returncode == (1 if affected else 0), done.stdout
    assert ("MAL-2030-7" in done.stdout) == affected


def test_what_is_no_bill_of_materials_is_an_error(known: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx")
    (tmp_path / "bom.json").write_text("{}")
    assert weigh("bom", "check", tmp_path / "bom.json", env=known).returncode == 2
    assert weigh("bom", "check", tmp_path / "none", env=known).returncode == 2
