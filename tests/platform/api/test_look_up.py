"""The look-up that gates ask: one hash, one answer."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from registry import decided_malicious, harmless, infected, only_case, person, scanned

from weighbridge.platform.accounts import tokens
from weighbridge.platform.api import lookup
from weighbridge.platform.catalog.models import Artifact

pytestmark = pytest.mark.django_db
KEYS = {
    "sha256", "verdict", "defender_verdict", "decided_by", "status", "advisories", "rules",
    "scanned_at",
}  # fmt: skip


@pytest.fixture(autouse=True)
def forgotten() -> None:
    lookup._remembered.clear()


def gate(*scopes: str) -> Client:
    made = tokens.create(person("gate"), "gate", scopes or ["read"])
    return Client(headers={"authorization": f"Bearer {made.secret}"})


def address() -> str:
    return f"/api/v1/artifacts/{Artifact.objects.get().sha256}"


def test_a_clean_content() -> None:
    scanned(harmless())
    known = gate().get(address()).json()
    assert set(known) == KEYS
    assert (known["verdict"], known["decided_by"], known["status"], known["advisories"]) == (
        "clean", "defender", "no-findings", [],
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", known["scanned_at"])


def test_a_content_that_an_msc_names() -> None:
    scanned(infected())
    before = gate().get(address()).json()
    assert (before["verdict"], before["status"]) == ("malicious", "suspected")
    decided_malicious(only_case())
    after = gate().get(address()).json()
    assert after["status"] == "validated"
    assert after["advisories"] == [after["decided_by"]]


def test_an_unchanged_answer_is_not_sent_twice() -> None:
    scanned(infected())
    first = gate().get(address())
    tag = {"if-none-match": first["ETag"]}
    again = gate().get(address(), headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    decided_malicious(only_case())
    assert gate().get(address(), headers=tag).status_code == 200


def test_what_is_unknown_or_no_hash_at_all() -> None:
    assert gate().get("/api/v1/artifacts/" + "a" * 64).status_code == 404
    assert gate().get("/api/v1/artifacts/zz").status_code == 422
    assert gate().post("/api/v1/artifacts/" + "a" * 64).status_code == 405


def test_capital_letters_are_the_same_hash() -> None:
    scanned(harmless())
    sha256 = Artifact.objects.get().sha256 or ""
    assert gate().get(f"/api/v1/artifacts/{sha256.upper()}").json()["sha256"] == sha256


def test_a_hash_that_was_only_declared_proves_nothing() -> None:
    Artifact.objects.create(key="place:x", sha256="b" * 64, sha256_source="declared", size=1)
    assert gate().get("/api/v1/artifacts/" + "b" * 64).status_code == 404


def test_it_needs_a_token_unless_the_settings_open_it(settings: object) -> None:
    scanned(harmless())
    assert Client().get(address()).status_code == 401
    assert Client(headers={"authorization": "Bearer wb_wrong"}).get(address()).status_code == 401
    assert gate("scan").get(address()).status_code == 403
    settings.WEIGHBRIDGE_ANONYMOUS_LOOKUP = True  # type: ignore[attr-defined]
    assert Client().get(address()).status_code == 200


def test_a_session_may_ask_too() -> None:
    scanned(harmless())
    browser = Client()
    browser.force_login(person("ada"))
    assert browser.get(address()).status_code == 200


def test_a_known_token_costs_two_queries() -> None:
    scanned(harmless())
    client, place = gate(), address()
    client.get(place)
    with CaptureQueriesContext(connection) as context:
        assert json.loads(client.get(place).content)
    assert len(context) == 2
