"""Form of the answers: problems, pages, limits, and uploads that are not what they say."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from registry import calling, infected, person, scanned, unvouched, upload, work

from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.scans.models import Scan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def spool(settings: Any, tmp_path: Path) -> None:
    settings.WEIGHBRIDGE_SPOOL = tmp_path / "spool"
    settings.WEIGHBRIDGE_SPOOL.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(settings.WEIGHBRIDGE_SPOOL)


def client(role: Role = Role.ADMINISTRATOR) -> Client:
    made = tokens.create(person(f"c-{role.value}", role), "t", [scope.value for scope in Scope])
    return Client(headers={"authorization": f"Bearer {made.secret}"})


def test_a_token_is_kept_as_a_hash_and_shown_once() -> None:
    browser = Client()
    browser.force_login(person("ada"))
    body = {"name": "mine", "scopes": ["read"]}
    made = browser.post("/api/v1/tokens", body, content_type="application/json").json()
    assert made["secret"].startswith("wb_") and len(made["secret"]) >= 46
    listed = browser.get("/api/v1/tokens").content.decode()
    assert made["secret"] not in listed and made["hint"] in listed
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest, hint FROM accounts_token")
        assert made["secret"] not in str(cursor.fetchall())


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    for number in range(7):
        upload(person("submitter", Role.SUBMITTER), f"{number}.pkl", bytes([number]))
    researcher, seen, cursor = client(Role.RESEARCHER), [], ""
    while True:
        page = researcher.get(f"/api/v1/scans?limit=3&cursor={cursor}").json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True) and len(set(seen)) == 7


def test_the_queue_pages_in_its_own_order() -> None:
    for number in range(3):
        scanned(unvouched(f"s{number}"), name=f"s{number}.pkl")
        scanned(infected(f"m{number}"), name=f"m{number}.pkl")
    researcher, seen, cursor = client(Role.RESEARCHER), [], ""
    while cursor is not None:
        page = researcher.get(f"/api/v1/cases?limit=2&cursor={cursor}").json()
        seen += [item["verdict"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["malicious"] * 3 + ["suspicious"] * 3


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bnVsbA", "WyJhIl0", "é", "=" * 50])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    answer = client().get("/api/v1/cases", {"cursor": cursor})
    assert answer.status_code == 422 and "begin without one" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/scans", "/cases", "/models", "/audit", "/inconclusive"])
def test_lists_ask_a_fixed_number_of_queries(path: str) -> None:
    researcher = client()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as context:
            assert researcher.get(f"/api/v1{path}").status_code == 200
        return len(context)

    scanned(infected("0"), name="0.pkl")
    queries()
    few = queries()
    for number in range(1, 6):
        scanned(infected(str(number)), name=f"{number}.pkl")
    assert queries() == few


def test_problems_say_what_is_wrong() -> None:
    answer = client().post("/api/v1/scans", {"goal": 1}, content_type="application/json")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["title"] == "Unprocessable Entity" or problem["status"] == 422
    assert any("target" in error["where"] for error in problem["errors"])
    assert problem["request"] == answer["X-Request-ID"]


def test_no_json_is_a_problem_and_no_crash() -> None:
    for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"target": "\\ud800"}', b"1" * 3_000_000):
        answer = client().post("/api/v1/scans", body, content_type="application/json")
        assert 400 <= answer.status_code < 500, body[:20]
        assert answer["Content-Type"] == "application/problem+json", body[:20]


def test_an_oversized_upload_is_refused_and_nothing_is_kept(settings: Any) -> None:
    settings.WEIGHBRIDGE_UPLOAD_MAX_BYTES = 1000
    sender = client(Role.SUBMITTER)
    plain = sender.post(
        "/api/v1/uploads?name=a", b"x" * 1001, content_type="application/octet-stream"
    )
    assert plain.status_code == 413
    from django.core.files.uploadedfile import SimpleUploadedFile

    form = sender.post("/api/v1/uploads", {"file": SimpleUploadedFile("a", b"x" * 1001)})
    assert form.status_code == 413
    assert Scan.objects.count() == 0
    assert list(Path(settings.WEIGHBRIDGE_SPOOL).iterdir()) == []


def test_an_upload_that_breaks_off_is_refused_and_nothing_is_kept() -> None:
    answer = client().request(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/api/v1/uploads",
            "CONTENT_TYPE": "application/octet-stream",
            "CONTENT_LENGTH": "20",
            "wsgi.input": io.BytesIO(b"x" * 10),
        }
    )
    assert answer.status_code == 400 and "10 bytes before the end" in answer.json()["detail"]
    assert Scan.objects.count() == 0
    assert list(Path(settings.WEIGHBRIDGE_SPOOL).iterdir()) == []


def test_an_upload_that_does_not_say_its_length_is_refused() -> None:
    answer = client().request(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/api/v1/uploads",
            "CONTENT_TYPE": "application/octet-stream",
            "CONTENT_LENGTH": "",
            "wsgi.input": io.BytesIO(b"x" * 10),
        }
    )
    assert answer.status_code == 411


def test_a_file_by_form_is_scanned_and_its_bytes_are_deleted() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    sender = client(Role.SUBMITTER)
    file = SimpleUploadedFile("../../evil\\name.pkl", calling("os", "system"))
    number = sender.post("/api/v1/uploads", {"file": file}).json()["id"]
    work()
    report = sender.get(f"/api/v1/scans/{number}/report").json()
    assert report["schema"] == "weighbridge.scan/1"
    assert [file["path"] for file in report["files"]] == ["name.pkl"]
    assert list(Path(settings.WEIGHBRIDGE_SPOOL).iterdir()) == []


def test_paths_of_the_server_are_scanned_only_below_its_roots(
    settings: Any, tmp_path: Path
) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "m.pkl").write_bytes(infected())
    (inside / "link").symlink_to(outside)
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [inside]
    sender = client(Role.SUBMITTER)

    def status(target: str) -> int:
        body = {"target": target}
        return sender.post("/api/v1/scans", body, content_type="application/json").status_code

    assert status(str(inside)) == 201
    for target in (str(outside), str(inside / "link"), str(inside / ".." / "out"), "/etc/passwd"):
        assert status(target) == 422


def test_too_many_requests_are_refused_whatever_address_they_claim(settings: Any) -> None:
    settings.WEIGHBRIDGE_THROTTLE = True
    cache.clear()
    body = {"kind": "other", "target": "hf://a/b", "text": "words"}

    def report(**more: str) -> int:
        answer = Client(**more).post("/api/v1/reports", body, content_type="application/json")
        return answer.status_code

    assert [report() for _ in range(6)] == [201] * 5 + [429]
    assert (
        Client(headers={"x-forwarded-for": "203.0.113.1"})
        .post("/api/v1/reports", body, content_type="application/json")
        .status_code
        == 429
    )
    assert report(REMOTE_ADDR="203.0.113.1") == 201
    cache.clear()


def test_the_description_is_served_without_outside_hosts() -> None:
    page = Client().get("/api/docs").content.decode()
    assert "/api/v1/artifacts/{sha256}" in page and "https://" not in page
    schema = json.loads(Client().get("/api/v1/openapi.json").content)
    assert schema["openapi"].startswith("3.")


@pytest.mark.parametrize("number", [10**18, 10**19, 10**30])
def test_a_number_that_no_database_holds_is_not_there(number: int) -> None:
    asked = client()
    for path in ("cases", "scans", "models", "versions", "hunts"):
        assert asked.get(f"/api/v1/{path}/{number}").status_code == 404
    for word in ("start", "claim"):
        answer = asked.post(f"/api/v1/cases/{number}/{word}", {}, content_type="application/json")
        assert answer.status_code == 404
    browser = Client()
    browser.force_login(person("ada"))
    assert browser.get(f"/cases/{number}").status_code == 404
    assert browser.post(f"/cases/{number}/claim").status_code in (302, 404)
