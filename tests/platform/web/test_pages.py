"""Every page, for everybody who may see it, with hostile strings in it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from registry import calling, decided_malicious, in_analysis, infected, only_case, person, scanned

from builders import pickles
from weighbridge.platform.accounts import services
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare

pytestmark = pytest.mark.django_db
TABS = ("runs", "bytes", "where", "others", "history")
PUBLIC = ["/", "/advisories", "/identifiers", "/report", "/login", "/api/docs", "/osv/all.zip",
          "/advisories.atom", "/health/live", "/health/ready"]  # fmt: skip
HOSTILE = "<script>alert(1)</script>\u202egnp.exe\x1b[31m"


def logged_in(role: Role = Role.RESEARCHER) -> Client:
    client = Client()
    client.force_login(person(f"page-{role.value}", role))
    return client


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_need_no_account(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 200
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/queue", "/review", "/models", "/scans", "/hunts", "/vouches", "/users", "/webhooks"]
)
def test_the_rest_leads_to_the_login_page_and_back(path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login?next={path}")


def test_no_page_has_inline_script_or_style() -> None:
    case = person("ada") and scanned(infected()) and only_case()
    client = logged_in(Role.ADMINISTRATOR)
    own = (
        "/queue /models /scans /hunts /vouches /users /webhooks /account /administration /notices "
        "/feeds /keys /cases/new /models/1 /scans/1"
    ).split()
    tabs = [f"/cases/{case.pk}?tab={tab}" for tab in TABS]
    for path in [*PUBLIC[:6], *own, *tabs]:
        text = client.get(path).content.decode()
        assert not re.search(r"<script(?! src=\"/static/[^>]*></script>)", text), path
        assert "<style" not in text and " style=" not in text and " onclick" not in text, path
        assert not re.search(r'(?:src|href)="https?://', text), path


def test_hostile_strings_are_shown_as_escapes_and_never_as_markup() -> None:
    scanned(calling("os", "system", HOSTILE), name=f"m{HOSTILE[:20]}.pkl", target=HOSTILE)
    case = only_case()
    client = logged_in()
    for path in ("/queue", f"/cases/{case.pk}", "/models", "/models/1", "/scans", "/scans/1"):
        text = client.get(path).content.decode()
        assert "<script>alert" not in text, path
        assert "\u202e" not in text and "\x1b" not in text, path
    assert "\\u202e" in client.get(f"/cases/{case.pk}").content.decode()


def test_a_case_is_decided_with_forms_alone() -> None:
    scanned(infected())
    number = only_case().pk
    ada, bob = Client(), Client()
    ada.force_login(person("ada"))
    bob.force_login(person("bob"))
    for word in ("claim", "start"):
        assert ada.post(f"/cases/{number}/{word}").status_code == 302
    ada.post(f"/cases/{number}/malicious", {"reason": "It runs a shell."})
    own = ada.post(f"/cases/{number}/approve", follow=True).content.decode()
    assert "this needs a second person" in own
    assert only_case().state == "proposed"
    bob.post(f"/cases/{number}/approve", {"reason": "Yes."})
    identifier = bare(Advisory.objects.get())
    page = Client().get(f"/advisories/{identifier}").content.decode()
    assert "a malicious model. This record never changes" in page
    assert Client().get(f"/advisories/x_{identifier}")["Location"] == f"/advisories/{identifier}"


def test_a_ws_is_written_published_and_superseded_with_forms_alone() -> None:
    scan = scanned(infected())
    client = logged_in()
    fields = {"title": "Needs remote code", "description": "It fetches what it runs."}
    made = client.post("/ws/new", {**fields, "model": str(scan.version.model_id)})
    place = made["Location"]
    assert Client().get(place).status_code == 404
    assert client.get(place).status_code == 200
    client.post(f"{place}/draft", {**fields, "cwe": "CWE-829", "cvss": ""})
    client.post(f"{place}/publish")
    assert "CWE-829" in Client().get(place).content.decode()
    client.post(f"{place}/cve", {"cve": "CVE-2026-1"})
    assert Advisory.objects.get().state == "published"
    client.post(f"{place}/cve", {"cve": "CVE-2026-12345"})
    assert "It has its CVE now: CVE-2026-12345" in Client().get(place).content.decode()


def test_withdrawal_takes_two_people_and_leaves_the_record_readable() -> None:
    scanned(infected())
    decided_malicious(only_case())
    identifier = bare(Advisory.objects.get())
    ada, bob = Client(), Client()
    ada.force_login(person("ada"))
    bob.force_login(person("bob"))
    ada.post(f"/advisories/{identifier}/withdraw", {"reason": "It was a test file."})
    number = Advisory.objects.get().proposals.get().pk
    ada.post(f"/proposals/{number}/approve")
    assert Advisory.objects.get().state == "issued"
    bob.post(f"/proposals/{number}/approve")
    page = Client().get(f"/advisories/{identifier}").content.decode()
    assert "Withdrawn" in page and "It was a test file." in page


def test_anybody_can_report_a_model_and_it_becomes_a_case() -> None:
    given = {"kind": "malicious", "target": "hf://evil/one", "text": "It phones home."}
    page = Client().post("/report", given).content.decode()
    assert "Your report is kept" in page
    assert only_case().title == "Reported: hf://evil/one"


def test_the_setup_link_works_once() -> None:
    secret = services.new_setup_secret()
    assert secret is not None
    given = {"username": "first", "password": "a long enough passphrase"}
    client = Client()
    assert (
        "too short"
        in client.post(f"/setup/{secret}", {**given, "password": "short"}).content.decode()
    )
    assert client.post(f"/setup/{secret}", given)["Location"] == "/users"
    assert User.objects.get().role == "administrator"
    assert client.get("/users").status_code == 200
    assert Client().get(f"/setup/{secret}").status_code == 404
    assert services.new_setup_secret() is None


def test_a_form_without_its_secret_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("ada"))
    response = client.post("/scans", {"target": "hf://a/b"})
    assert response.status_code == 403
    assert "Load it again" in response.content.decode()


def test_five_wrong_passwords_lock_the_name_at_that_address(settings: object) -> None:
    User.objects.create_user("ada", password="a long passphrase")
    client = Client()
    for _ in range(5):
        client.post("/login", {"username": "ada", "password": "wrong"})
    right = {"username": "ada", "password": "a long passphrase"}
    assert client.post("/login", right).status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert elsewhere.post("/login", right)["Location"] == "/"
    forged = Client(headers={"x-forwarded-for": "203.0.113.10"})
    assert forged.post("/login", right).status_code == 429


def test_an_upload_form_puts_a_scan_into_the_queue() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = logged_in(Role.SUBMITTER)
    file = SimpleUploadedFile("m.pkl", pickles.EMPTY_DICT + pickles.STOP)
    response = client.post("/scans", {"file": file})
    assert re.fullmatch(r"/scans/\d+", response["Location"])
    assert "queued" in client.get(response["Location"]).content.decode()


def test_one_person_in_analysis_sees_the_decisions_and_another_does_not() -> None:
    scanned(infected())
    in_analysis(person("ada"), only_case())
    ada, bob = Client(), Client()
    ada.force_login(person("ada"))
    bob.force_login(person("bob"))
    path = f"/cases/{only_case().pk}"
    assert "Propose malicious" in ada.get(path).content.decode()
    assert "Propose malicious" not in bob.get(path).content.decode()
