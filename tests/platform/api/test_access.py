"""Every address of the API with nobody, each role, a token of too small a scope, and another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from registry import infected, only_case, person, scanned, upload

from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.permissions import MATRIX, Action
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import SCOPE_OF, Scope
from weighbridge.platform.api.v1 import api

pytestmark = pytest.mark.django_db
REASON = {"reason": "because"}
TEXT = {"text": "words"}
SHA = "a" * 64


@dataclass(frozen=True)
class Row:
    """One operation: None as action stands for everybody, "self" for whoever is logged in."""

    method: str
    path: str
    action: Action | str | None
    body: Any = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


A = Action
TABLE = [
    Row("POST", "/scans", A.REQUEST_SCAN, {"target": "hf://a/b"}),
    Row("POST", "/uploads", A.REQUEST_SCAN, {}),
    Row("GET", "/scans", A.REQUEST_SCAN),
    Row("GET", "/scans/{number}", A.REQUEST_SCAN),
    Row("GET", "/scans/{number}/report", A.REQUEST_SCAN),
    Row("POST", "/scans/{number}/cancel", A.REQUEST_SCAN),
    Row("POST", "/scans/{number}/requeue", A.REQUEST_SCAN),
    Row("GET", "/models", A.LOOK_UP),
    Row("GET", "/models/{number}", A.LOOK_UP),
    Row("GET", "/models/{number}/versions", A.LOOK_UP),
    Row("GET", "/versions/{number}", A.LOOK_UP),
    Row("GET", "/versions/{number}/bom", A.LOOK_UP),
    Row("GET", "/inventories", A.LOOK_UP),
    Row("POST", "/inventories", A.REQUEST_SCAN, {"name": "n"}),
    Row("GET", "/inventories/{number}", A.LOOK_UP),
    Row("PUT", "/inventories/{number}", A.REQUEST_SCAN, {"items": []}),
    Row("PUT", "/inventories/{number}/bom", A.REQUEST_SCAN),
    Row("POST", "/inventories/{number}/check", A.REQUEST_SCAN),
    Row("DELETE", "/inventories/{number}", A.REQUEST_SCAN),
    Row("GET", "/inconclusive", A.READ_QUEUE),
    Row("GET", "/artifacts/{sha256}", A.LOOK_UP),
    Row("GET", "/cases", A.READ_QUEUE),
    Row("POST", "/cases", A.OPEN_CASE, {"title": "t", "reason": "r", "version": 1}),
    Row("POST", "/cases/next", A.CLAIM_CASE),
    Row("GET", "/cases/{number}", A.READ_QUEUE),
    Row("GET", "/cases/{number}/occurrences", A.READ_QUEUE),
    Row("GET", "/cases/{number}/history", A.READ_QUEUE),
    Row("POST", "/cases/{number}/claim", A.CLAIM_CASE, {}),
    Row("POST", "/cases/{number}/assign", A.ASSIGN_CASE, {"owner": "ada"}),
    Row("POST", "/cases/{number}/release", A.CLAIM_CASE, {}),
    Row("POST", "/cases/{number}/start", A.CLAIM_CASE),
    Row("POST", "/cases/{number}/notes", A.DECIDE_CASE, TEXT),
    Row("POST", "/cases/{number}/needs-info", A.DECIDE_CASE, {"question": "q"}),
    Row("POST", "/cases/{number}/answer", A.DECIDE_CASE, TEXT),
    Row("POST", "/cases/{number}/propose", A.DECIDE_CASE, {"decision": "malicious", **REASON}),
    Row("POST", "/cases/{number}/approve", A.APPROVE_CASE, {}),
    Row("POST", "/cases/{number}/refuse", A.APPROVE_CASE, REASON),
    Row("POST", "/cases/{number}/duplicate", A.DECIDE_CASE, {"case": 2}),
    Row("POST", "/cases/{number}/merge", A.DECIDE_CASE, {"case": 2}),
    Row("POST", "/cases/{number}/split", A.DECIDE_CASE, {"occurrences": [1]}),
    Row("POST", "/cases/{number}/reopen", A.REOPEN_CASE, REASON),
    Row("POST", "/cases/{number}/models/{model}/issue", A.APPROVE_CASE),
    Row("GET", "/review", A.READ_QUEUE),
    Row("GET", "/hunts", A.HUNT),
    Row("POST", "/hunts", A.HUNT, {"kind": "import", "text": "os.system"}),
    Row("GET", "/hunts/{number}", A.HUNT),
    Row("GET", "/vouches", A.READ_QUEUE),
    Row("POST", "/vouches", A.VOUCH, {"module": "m", "name": "n", "scope": "any", **REASON}),
    Row("POST", "/vouches/{number}/approve", A.VOUCH),
    Row("POST", "/vouches/{number}/refuse", A.VOUCH, REASON),
    Row("POST", "/vouches/{number}/revoke", A.VOUCH, REASON),
    Row("GET", "/advisories", None),
    Row("GET", "/advisories/{identifier}", None),
    Row("GET", "/advisories/{identifier}/osv", None),
    Row("GET", "/advisories/{identifier}/revisions", None),
    Row("GET", "/drafts", A.ISSUE_WS),
    Row("POST", "/advisories", A.ISSUE_WS, {"title": "t", "description": "d", "model": 1}),
    Row("PUT", "/advisories/{identifier}/draft", A.ISSUE_WS, {"title": "t"}),
    Row("POST", "/advisories/{identifier}/publish", A.ISSUE_WS),
    Row("POST", "/advisories/{identifier}/revisions", A.ISSUE_WS, {"revision": 2, **REASON}),
    Row("POST", "/advisories/{identifier}/cve", A.ISSUE_WS, {"cve": "CVE-2026-12345"}),
    Row("DELETE", "/advisories/{identifier}/cve", A.ISSUE_WS),
    Row("POST", "/advisories/{identifier}/reject", A.ISSUE_WS, REASON),
    Row("GET", "/proposals", A.APPROVE_CASE),
    Row("POST", "/advisories/{identifier}/proposals", A.WITHDRAW, REASON),
    Row("POST", "/proposals/{number}/approve", A.APPROVE_CASE),
    Row("POST", "/proposals/{number}/refuse", A.APPROVE_CASE, REASON),
    Row("POST", "/reports", None, {"kind": "other", "target": "hf://a/b", **TEXT}),
    Row("GET", "/tokens", "self"),
    Row("POST", "/tokens", "self", {"name": "n", "scopes": ["read"]}),
    Row("DELETE", "/tokens/{number}", "self"),
    Row("GET", "/users", A.MANAGE_USERS),
    Row("POST", "/users", A.MANAGE_USERS, {"username": "n", "password": "a long passphrase"}),
    Row("PUT", "/users/{number}", A.MANAGE_USERS, {"role": "reader"}),
    Row("GET", "/webhooks", A.MANAGE_WEBHOOKS),
    Row("POST", "/webhooks", A.MANAGE_WEBHOOKS,
        {"url": "https://example.org/", "kinds": ["case.opened"]}),
    Row("POST", "/webhooks/{number}/{word}", A.MANAGE_WEBHOOKS),
    Row("GET", "/webhooks/{number}/deliveries", A.MANAGE_WEBHOOKS),
    Row("GET", "/audit", A.READ_AUDIT),
    Row("GET", "/audit/head", A.READ_AUDIT),
]  # fmt: skip
PLACES = {
    "number": "999",
    "identifier": "WS-2026-0999",
    "sha256": SHA,
    "model": "999",
    "word": "on",
}


def ask(row: Row, client: Client, **places: str) -> int:
    path = row.path.format(**(PLACES | places))
    body = None if row.method in ("GET", "DELETE") else row.body or {}
    send = getattr(client, row.method.lower())
    answer = (
        send(f"/api/v1{path}", body, content_type="application/json")
        if body is not None
        else send(f"/api/v1{path}")
    )
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", answer.content
        assert answer.json()["status"] == answer.status_code
    return int(answer.status_code)


def with_token(role: Role, *scopes: Scope) -> Client:
    made = tokens.create(
        person(f"token-{role.value}", role), "t", [scope.value for scope in scopes]
    )
    return Client(headers={"authorization": f"Bearer {made.secret}"})


def operations() -> Iterator[str]:
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method in methods:
            yield f"{method.upper()} {path.removeprefix('/api/v1')}"


def test_the_table_names_every_operation_there_is() -> None:
    assert sorted(row.name for row in TABLE) == sorted(operations())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_anonymous_requests_get_what_is_public_and_nothing_else(row: Row) -> None:
    status = ask(row, Client())
    assert (status != 401) if row.action is None else (status == 401)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_the_matrix_says(role: Role, row: Row) -> None:
    status = ask(row, with_token(role, *Scope))
    assert status not in (401, 500)
    if isinstance(row.action, Action):
        assert (status != 403) == (row.action in MATRIX[role])
    elif row.action == "self":
        assert status == 403  # tokens cannot make tokens


@pytest.mark.parametrize("row", [r for r in TABLE if isinstance(r.action, Action)],
                         ids=lambda row: row.name)  # fmt: skip
def test_a_token_does_no_more_than_its_scopes(row: Row) -> None:
    assert isinstance(row.action, Action)
    others = [scope for scope in Scope if scope is not SCOPE_OF[row.action]]
    assert ask(row, with_token(Role.ADMINISTRATOR, *others)) == 403


@pytest.mark.parametrize("row", [r for r in TABLE if r.action == "self"], ids=lambda row: row.name)
def test_a_session_manages_its_own_tokens_with_the_secret_of_a_form(row: Row) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("ada"))
    assert (ask(row, client) == 403) == (row.method != "GET")
    relaxed = Client()
    relaxed.force_login(person("ada"))
    assert ask(row, relaxed) not in (401, 403)


def test_another_persons_scan_does_not_exist_for_me() -> None:
    scan = upload(person("owner", Role.SUBMITTER), "m.pkl", infected())
    mine = with_token(Role.SUBMITTER, *Scope)
    for row in TABLE:
        if row.path.startswith("/scans/{number}"):
            assert ask(row, mine, number=str(scan.pk)) == 404, row.name
    listed = mine.get("/api/v1/scans").json()["items"]
    assert listed == []
    assert ask(TABLE[3], with_token(Role.RESEARCHER, *Scope), number=str(scan.pk)) == 200


def test_another_persons_upload_is_no_model_for_me() -> None:
    scan = scanned(infected())
    mine = with_token(Role.READER, *Scope)
    for path, key in (("/models/{}", scan.version.model_id), ("/versions/{}", scan.version_id),
                      ("/models/{}/versions", scan.version.model_id)):  # fmt: skip
        assert mine.get(f"/api/v1{path.format(key)}").status_code == 404
    assert mine.get("/api/v1/models").json()["items"] == []


def test_evidence_of_a_restricted_model_is_for_researchers() -> None:
    scan = scanned(infected())
    owner = Client()
    owner.force_login(person("submitter", Role.SUBMITTER))
    researcher = with_token(Role.RESEARCHER, *Scope)
    path = f"/api/v1/scans/{scan.pk}/report"
    (mine,) = owner.get(path).json()["findings"]
    (theirs,) = researcher.get(path).json()["findings"]
    assert mine["title"] == theirs["title"]
    assert "code" not in mine["evidence"] and "os.system" in theirs["evidence"]["code"]


def test_another_persons_token_cannot_be_revoked() -> None:
    made = tokens.create(person("owner"), "t", ["read"]).token
    client = Client()
    client.force_login(person("ada"))
    assert client.delete(f"/api/v1/tokens/{made.pk}").status_code == 404
    client.force_login(person("owner"))
    assert client.delete(f"/api/v1/tokens/{made.pk}").status_code == 204


def test_another_persons_case_cannot_be_decided_by_me() -> None:
    scanned(infected())
    ada, number = with_token(Role.RESEARCHER, *Scope), only_case().pk
    ada.post(f"/api/v1/cases/{number}/claim", {}, content_type="application/json")
    lead = with_token(Role.LEAD, *Scope)
    assert lead.post(f"/api/v1/cases/{number}/start").status_code == 422


def test_a_person_who_is_shut_out_has_no_token() -> None:
    client = with_token(Role.ADMINISTRATOR, *Scope)
    assert client.get("/api/v1/users").status_code == 200
    user = person("token-administrator", Role.ADMINISTRATOR)
    user.is_active = False
    user.save()
    assert client.get("/api/v1/users").status_code == 401
