"""A WS: reserved, published, revised, superseded by its CVE, still served."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import registry as r
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories import selectors, services
from weighbridge.platform.advisories.content import AdvisoryContent, severity
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.advisories.services import Opening
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.models import Event
from weighbridge.platform.catalog.models import ModelVersion
from weighbridge.platform.catalog.services import record_model, record_version

pytestmark = pytest.mark.django_db(transaction=True)

V31 = "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
V40 = "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def reserved(**changes: Any) -> Advisory:
    model = record_model("huggingface", "acme/demo")
    record_version(model, "1" * 40)
    fields = {"title": "Remote code without a pin", "description": "Anybody decides what runs."}
    return services.reserve_ws(r.person("ada"), Opening(**(fields | {"model": model} | changes)))


def published() -> Advisory:
    return services.publish_ws(r.person("ada"), reserved().pk)


def test_a_reserved_number_resolves_to_nothing_outside() -> None:
    ws = reserved()
    assert ws.state == "reserved"
    for user in (None, AnonymousUser(), r.person("eve", Role.READER)):
        with pytest.raises(NotFound):
            selectors.get(bare(ws), user)
    assert selectors.get(bare(ws), r.person("ada")) == ws
    assert not selectors.public().exists()


def test_it_needs_no_scan_and_no_case() -> None:
    ws = services.publish_ws(
        r.person("ada"), reserved(model=None, package="demo", versions=["1.0", "1.1"]).pk
    )
    target = selectors.content(ws).target
    assert (target.ecosystem, target.purl, target.revisions) == (
        "PyPI",
        "pkg:pypi/demo",
        ("1.0", "1.1"),
    )


@pytest.mark.parametrize(
    "changes",
    [{"model": None}, {"package": "demo"}, {"model": None, "package": "demo", "versions": []}],
)
def test_it_is_about_one_model_or_one_package(changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        reserved(**changes)


def test_who_may_not() -> None:
    with pytest.raises(PermissionDenied):
        services.reserve_ws(r.person("eve", Role.SUBMITTER), Opening("t", "d", package="x"))


def test_the_draft_becomes_revision_one() -> None:
    ws = reserved()
    ada = r.person("ada")
    services.save_draft(ada, ws.pk, {"cvss": [V31, V40], "cwe": ["CWE-829"]})
    ws = services.publish_ws(ada, ws.pk)
    content = selectors.content(ws)
    assert (ws.state, content.revision, content.cvss) == ("published", 1, (V31, V40))
    assert severity(content) == "HIGH"
    assert ModelVersion.objects.get().status == "not-examined"
    with pytest.raises(Conflict):
        services.publish_ws(ada, ws.pk)
    with pytest.raises(Conflict):
        services.save_draft(ada, ws.pk, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"cvss": ["CVSS:3.1/AV:X"]},
        {"cvss": ["7.8"]},
        {"cvss": [V31, V31]},
        {"cwe": ["502"]},
        {"source": "hearsay"},
        {"title": "x" * 121},
        {"title": "two\nlines"},
        {"description": " "},
        {"references": [{"type": "WEB", "url": "javascript:alert(1)"}]},
        {"references": [{"type": "OTHER", "url": "https://example.org"}]},
        {"credits": [{"name": "A", "type": "HERO"}]},
        {"no_such_field": 1},
        {"target": {"ecosystem": "huggingface"}},
    ],
)
def test_content_that_breaks_a_rule_is_refused(changes: dict[str, Any]) -> None:
    ws = reserved()
    with pytest.raises(Refused):
        services.save_draft(r.person("ada"), ws.pk, changes)


def test_a_draft_cannot_become_another_record() -> None:
    ws, ada = reserved(), r.person("ada")
    services.save_draft(ada, ws.pk, {"id": "WS-1999-0001", "kind": "MSC"})
    assert selectors.content(services.publish_ws(ada, ws.pk)).id == bare(ws)
    target = {"ecosystem": "huggingface", "name": "other", "purl": "pkg:huggingface/other"}
    with pytest.raises(Refused, match="is about"):
        services.revise_ws(ada, ws.pk, {"target": target | {"revisions": ["1"]}}, "why")


def test_an_embargo_holds_until_its_end_or_until_two_people_lift_it() -> None:
    ws = reserved(embargo_until=timezone.now() + timedelta(days=30), embargo_reason="vendor")
    ada, bob = r.person("ada"), r.person("bob")
    with pytest.raises(Refused, match="embargo"):
        services.publish_ws(ada, ws.pk)
    proposal = services.propose(ada, ws.pk, "lift-embargo", "the vendor published")
    with pytest.raises(Refused):
        services.approve_proposal(ada, proposal.pk)
    services.approve_proposal(bob, proposal.pk)
    assert services.publish_ws(ada, ws.pk).state == "published"


def test_every_revision_is_kept() -> None:
    ws, ada = published(), r.person("ada")
    services.revise_ws(ada, ws.pk, {"title": "A better title"}, "wording")
    first, second = selectors.revisions(Advisory.objects.get())
    assert AdvisoryContent.from_json(first.content).title == "Remote code without a pin"
    assert AdvisoryContent.from_json(second.content).title == "A better title"
    assert second.created_at > first.created_at
    assert selectors.content(Advisory.objects.get()).revision == 2


def test_who_revises_an_older_revision_is_told() -> None:
    ws, ada = published(), r.person("ada")
    services.revise_ws(ada, ws.pk, {"title": "A better title", "revision": 2}, "wording")
    with pytest.raises(Conflict):
        services.revise_ws(ada, ws.pk, {"title": "Another title", "revision": 2}, "wording")


def test_its_cve_supersedes_it_and_it_stays() -> None:
    ws, ada = published(), r.person("ada")
    with pytest.raises(Refused):
        services.supersede_ws(ada, ws.pk, "GHSA-1")
    ws = services.supersede_ws(ada, ws.pk, "cve-2026-12345")
    content = selectors.content(ws)
    assert (ws.state, ws.cve) == ("superseded", "CVE-2026-12345")
    assert (content.aliases, content.superseded_by) == (("CVE-2026-12345",), "CVE-2026-12345")
    assert content.references[-1].type == "ADVISORY"
    assert selectors.get(bare(ws)) == ws
    with pytest.raises(Conflict):
        services.supersede_ws(ada, ws.pk, "CVE-2026-99999")


def test_a_rejected_cve_is_taken_off_again() -> None:
    ws, ada = published(), r.person("ada")
    services.supersede_ws(ada, ws.pk, "CVE-2026-12345")
    ws = services.unsupersede_ws(ada, ws.pk, "the CVE was rejected")
    content = selectors.content(ws)
    assert (ws.state, ws.cve, content.aliases, content.revision) == ("published", "", (), 3)
    assert not [one for one in content.references if "CVE" in one.url]


def test_a_rejected_number_is_not_used_again() -> None:
    first, ada = reserved(), r.person("ada")
    services.reject_ws(ada, first.pk, "no flaw")
    assert reserved().number == first.number + 1
    with pytest.raises(Conflict):
        services.publish_ws(ada, first.pk)


def test_it_is_withdrawn_by_two() -> None:
    ws = published()
    ws = services.withdraw(ws, "it was wrong", r.person("ada"), r.person("bob"))
    assert ws.state == "withdrawn"
    with pytest.raises(Conflict):
        services.revise_ws(r.person("ada"), ws.pk, {"title": "x"}, "why")


def test_every_step_stands_in_the_history() -> None:
    ws, ada = published(), r.person("ada")
    services.supersede_ws(ada, ws.pk, "CVE-2026-12345")
    rows = Event.objects.filter(object_kind="advisory", object_id=bare(ws))
    assert list(rows.values_list("action", flat=True)) == [
        "ws-reserve",
        "ws-publish",
        "ws-supersede",
    ]
