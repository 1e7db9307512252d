"""The whole way through the API: from an upload to advisories that a scan names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from builders import pickles
from weighbridge.cli.main import command as weighbridge
from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.scans import running, services

pytestmark = pytest.mark.django_db

MALICIOUS = pickles.call("os", "system", "echo inert") + pickles.STOP


class Person:
    """Somebody with a token, who talks to the API."""

    def __init__(self, name: str, role: str) -> None:
        self.user = User.objects.create_user(name, password="a long passphrase", role=role)
        self.token = tokens.create(self.user, "test", [scope.value for scope in Scope]).secret
        self._client = Client(headers={"authorization": f"Bearer {self.token}"})

    def get(self, path: str, status: int = 200) -> Any:
        return self._read(self._client.get(f"/api/v1{path}"), status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self._client.post(f"/api/v1{path}", body or {}, content_type="application/json")
        return self._read(answer, status)

    def send(self, name: str, data: bytes) -> Any:
        answer = self._client.post(
            f"/api/v1/uploads?name={name}", data, content_type="application/octet-stream"
        )
        return self._read(answer, 201)

    def _read(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.content
        return json.loads(answer.content)


def work() -> None:
    """Do what the worker does until nothing waits."""
    while (scan := services.claim("test")) is not None:
        running.run(scan)


def scanned(person: Person, name: str, data: bytes) -> Any:
    """Send a file and return its scan once it is over."""
    number = person.send(name, data)["id"]
    work()
    return person.get(f"/scans/{number}")


@pytest.fixture
def alice() -> Person:
    return Person("alice", "researcher")


@pytest.fixture
def bob() -> Person:
    return Person("bob", "researcher")


@pytest.fixture
def sender() -> Person:
    return Person("sender", "submitter")


def analysed(person: Person, number: int) -> None:
    person.post(f"/cases/{number}/claim")
    person.post(f"/cases/{number}/start")


def named_by_scan(folder: Path, data: bytes, advisories: Path) -> Any:
    """Return the report of ``weighbridge scan --advisories`` on a file with these bytes."""
    model = folder / "found.pkl"
    model.write_bytes(data)
    result = CliRunner().invoke(
        weighbridge,
        ["scan", str(model), "--format", "json", "--advisories", str(advisories)],
        standalone_mode=False,
    )
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def test_from_an_infected_upload_to_an_msc_that_a_scan_names(
    alice: Person, bob: Person, sender: Person, tmp_path: Path
) -> None:
    scan = scanned(sender, "first.pkl", MALICIOUS)
    assert (scan["state"], scan["verdict"], scan["status"]) == ("done", "malicious", "suspected")

    (case,) = alice.get("/cases")["items"]
    assert (case["state"], case["verdict"], case["owner"]) == ("queued", "malicious", None)
    sender.get("/cases", 403)

    number = case["id"]
    analysed(alice, number)
    bob.post(f"/cases/{number}/claim", status=409)
    proposed = alice.post(
        f"/cases/{number}/propose", {"decision": "malicious", "reason": "It runs a shell."}
    )
    assert proposed["state"] == "proposed"
    assert Client().get("/api/v1/advisories").json()["items"] == []
    alice.post(f"/cases/{number}/approve", status=422)

    decided = bob.post(f"/cases/{number}/approve", {"reason": "I agree."})
    assert decided["decision"] == "malicious"
    (issued,) = decided["advisories"]
    assert issued["id"].startswith("MSC-") and issued["id"].endswith("-0001")

    anonymous = Client()
    record = anonymous.get(f"/api/v1/advisories/{issued['osv_id']}/osv").json()
    assert record["id"] == f"x_{issued['id']}" and issued["id"] in record["aliases"]
    dump = anonymous.get("/osv/all.zip")
    assert dump.status_code == 200
    place = tmp_path / "all.zip"
    place.write_bytes(b"".join(dump))
    report = named_by_scan(tmp_path, MALICIOUS, place)
    assert report["findings"][0]["advisories"] == [issued["id"]]

    digest = report["files"][0]["sha256"]
    known = alice.get(f"/artifacts/{digest}")
    assert known["verdict"] == "malicious" and known["advisories"] == [issued["id"]]
    assert known["status"] == "validated" and known["decided_by"] == issued["id"]

    second = scanned(sender, "second.pkl", pickles.text("v2") + pickles.POP + MALICIOUS)
    assert second["status"] == "suspected"
    later = alice.get(f"/cases/{number}")
    assert later["decision"] == "malicious"
    (waiting,) = [model for model in later["models"] if not model["has_msc"]]
    alice.post(f"/cases/{number}/models/{waiting['id']}/issue", status=422)
    own = bob.post(f"/cases/{number}/models/{waiting['id']}/issue", status=201)
    assert own["id"].endswith("-0002")
    assert alice.get(f"/scans/{second['id']}")["status"] == "validated"


def test_a_ws_gets_its_cve_and_is_still_served(alice: Person, sender: Person) -> None:
    scan = scanned(sender, "first.pkl", MALICIOUS)
    model = alice.get(f"/versions/{scan['version']}")["model"]
    reserved = alice.post(
        "/advisories",
        {"title": "Needs remote code", "description": "It fetches what it runs.", "model": model},
        status=201,
    )
    anonymous = Client()
    assert anonymous.get(f"/api/v1/advisories/{reserved['id']}").status_code == 404
    alice.post(f"/advisories/{reserved['id']}/publish")
    assert anonymous.get(f"/api/v1/advisories/{reserved['id']}").json()["state"] == "published"

    alice.post(f"/advisories/{reserved['id']}/cve", {"cve": "CVE-2026-12345"})
    record = anonymous.get(f"/api/v1/advisories/{reserved['id']}/osv").json()
    assert record["aliases"] == [reserved["id"], "CVE-2026-12345"]
    assert record["database_specific"]["state"] == "superseded"
    assert record["database_specific"]["superseded_by"] == "CVE-2026-12345"
    assert "withdrawn" not in record
    assert len(anonymous.get(f"/api/v1/advisories/{reserved['id']}/revisions").json()["items"]) == 2


def test_a_false_positive_stays_silent_and_a_near_copy_does_not(
    alice: Person, bob: Person, sender: Person
) -> None:
    first = pickles.call("somelib.tools", "build", "x") + pickles.STOP
    scan = scanned(sender, "first.pkl", first)
    assert scan["verdict"] == "suspicious"
    (case,) = alice.get("/cases")["items"]
    analysed(alice, case["id"])
    decided = alice.post(
        f"/cases/{case['id']}/propose", {"decision": "false-positive", "reason": "Ours, harmless."}
    )
    assert (decided["state"], decided["decision"]) == ("decided", "false-positive")

    again = scanned(sender, "copy.pkl", pickles.text("v2") + pickles.POP + first)
    assert again["status"] == "false-positive"
    report = sender.get(f"/scans/{again['id']}/report")
    assert (report["verdict"], report["defender_verdict"]) == ("clean", "suspicious")
    assert report["files"][0]["decided_by"] == f"case {case['id']}: false-positive"
    assert alice.get("/cases")["items"] == []

    near = pickles.call("somelib.tools", "build", "y") + pickles.STOP
    other = scanned(sender, "near.pkl", near)
    assert other["verdict"] == "suspicious" and other["status"] == "suspected"
    assert len(alice.get("/cases")["items"]) == 1


def test_osv_records_are_valid_by_the_official_schema(
    alice: Person, bob: Person, sender: Person
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    home = os.environ.get("WEIGHBRIDGE_SCHEMAS")
    shared = Path(__file__).parents[3] / "shared" / "data" / "schemas"
    schema = Path(home) if home else shared
    if not (schema / "osv-schema.json").is_file():
        pytest.skip("the official OSV schema is not here; name its folder in WEIGHBRIDGE_SCHEMAS")
    validator = jsonschema.Draft202012Validator(
        json.loads((schema / "osv-schema.json").read_text()),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    scanned(sender, "first.pkl", MALICIOUS)
    (case,) = alice.get("/cases")["items"]
    analysed(alice, case["id"])
    alice.post(f"/cases/{case['id']}/propose", {"decision": "malicious", "reason": "shell"})
    (issued,) = bob.post(f"/cases/{case['id']}/approve")["advisories"]
    record = Client().get(f"/api/v1/advisories/{issued['id']}/osv").json()
    assert [error.message for error in validator.iter_errors(record)] == []
    assert "severity" not in record
