"""Libraries of a scanned version, and its bill of materials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from django.test import Client
from registry import decided_malicious, infected, person, unvouched, work, written

from libraries.osv_records import folder_of, record
from weighbridge.libraries.importing import import_records
from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.scans import services as scans
from weighbridge.platform.scans.models import Scan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = str(tmp_path / "known.sqlite3")
    monkeypatch.setenv("WEIGHBRIDGE_DB", place)
    records = folder_of(tmp_path / "records", record("CVE-2030-1", "mlflow"))
    import_records(place, str(records))


@pytest.fixture
def scan(settings: Any, tmp_path: Path) -> Scan:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    folder = written(
        tmp_path / "models" / "mine",
        {
            "requirements.txt": b"mlflow==1.0\n",
            "model.pkl": infected(),
            "other.pkl": unvouched(),
            "README.md": b"---\nlicense: mit\npipeline_tag: text-generation\n---\n",
        },
    )
    scans.request(person("ada", Role.ADMINISTRATOR), "path", str(folder))
    (done,) = work()
    assert done.state == "done", done.error
    return done


def client() -> Client:
    ada = person("ada", Role.ADMINISTRATOR)
    made = tokens.create(ada, "t", [scope.value for scope in Scope])
    return Client(headers={"authorization": f"Bearer {made.secret}"})


def bom(scan: Scan) -> dict[str, Any]:
    answer = client().get(f"/api/v1/versions/{scan.version_id}/bom")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("application/vnd.cyclonedx+json")
    text = answer.content.decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    value: dict[str, Any] = json.loads(text)
    return value


def test_a_report_names_the_libraries_and_what_is_known_of_them(scan: Scan) -> None:
    report = client().get(f"/api/v1/scans/{scan.pk}/report").json()
    declared = [one for one in report["libraries"] if one["relation"] == "declared"]
    assert [(one["name"], one["version"]) for one in declared] == [("mlflow", "1.0")]
    assert [one["id"] for one in declared[0]["vulnerabilities"]] == ["CVE-2030-1"]
    assert report["vulnerability_data"]["records"] == 1


def test_a_version_as_a_bill_of_materials_with_its_open_cases(scan: Scan) -> None:
    value = bom(scan)
    model = next(one for one in value["components"] if one["type"] == "machine-learning-model")
    assert {file["name"] for file in model["components"]} >= {"model.pkl", "requirements.txt"}
    assert model["modelCard"]["modelParameters"]["task"] == "text-generation"
    states = {one["id"]: one["analysis"]["state"] for one in value["vulnerabilities"]}
    assert states.pop("CVE-2030-1") == "in_triage"
    assert set(states.values()) == {"in_triage"} and len(states) == 2


def test_a_decided_case_is_told_by_its_msc(scan: Scan) -> None:
    from weighbridge.platform.cases.models import Case

    decided_malicious(Case.objects.get(rank=0))
    states = {one["id"]: one["analysis"]["state"] for one in bom(scan)["vulnerabilities"]}
    (msc,) = [name for name in states if name.startswith("MSC-")]
    assert states[msc] == "exploitable"


def test_who_may_not_see_the_model_gets_no_bill_of_materials(scan: Scan) -> None:
    assert Client().get(f"/api/v1/versions/{scan.version_id}/bom").status_code in (401, 403, 404)
    assert client().get("/api/v1/versions/999999/bom").status_code == 404
