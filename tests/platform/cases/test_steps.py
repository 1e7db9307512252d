"""Each step of a case: from where to where, who may, and what is written about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import registry as r
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from together import at_once

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.audit.chain import verify
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.models import Event
from weighbridge.platform.cases import deciding, selectors, services, shaping
from weighbridge.platform.cases.models import Case, CaseState, FalsePositive, Report
from weighbridge.platform.cases.transitions import STEPS, Change, transition
from weighbridge.platform.catalog.models import ModelVersion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> User:
    return r.person("ada")


@pytest.fixture
def bob() -> User:
    return r.person("bob")


@pytest.fixture
def case() -> Case:
    r.scanned(r.infected())
    return r.only_case()


@pytest.fixture
def milder() -> Case:
    r.scanned(r.unvouched())
    return r.only_case()


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def actions(case: Case) -> list[str]:
    return list(Event.objects.filter(case_number=case.pk).values_list("action", flat=True))


# -- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("state", CaseState.values)
def test_a_step_is_taken_from_its_own_states_only(case: Case, state: str, step: str) -> None:
    if state in STEPS[step].sources:
        pytest.skip("an allowed step; the tests below take it")
    case.state = state
    with pytest.raises(Conflict, match=f"is {state}"), transaction.atomic():
        transition(case, step, "test")


def test_a_step_with_a_stale_row_is_a_conflict(case: Case, ada: User, bob: User) -> None:
    stale = fresh(case)
    services.claim(ada, case.pk)
    with pytest.raises(Conflict), transaction.atomic():
        transition(stale, "claim", bob, Change({"owner": bob}))
    assert fresh(case).owner == ada


# -- claiming ------------------------------------------------------------------------------------


def test_a_claim_is_a_lease_of_a_day(case: Case, ada: User) -> None:
    claimed = services.claim(ada, case.pk)
    assert (claimed.state, claimed.owner) == ("claimed", ada)
    assert claimed.claim_expires_at is not None
    left = claimed.claim_expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert actions(case) == ["case-open", "case-claim"]


def test_two_claims_at_once_have_one_winner(case: Case, ada: User, bob: User) -> None:
    results = at_once([lambda who=who: services.claim(who, case.pk) for who in (ada, bob)])
    (loser,) = [one for one in results if isinstance(one, Conflict)]
    (winner,) = [one for one in results if isinstance(one, Case)]
    assert winner.owner is not None
    assert winner.owner.username in str(loser)


def test_the_next_case_is_the_gravest_then_the_most_popular_then_the_oldest(ada: User) -> None:
    r.scanned(r.unvouched(), "a.pkl")
    r.scanned(r.infected("one"), "b.pkl")
    r.scanned(r.infected("two"), "c.pkl")
    mild, first, popular = Case.objects.order_by("pk")
    Case.objects.filter(pk=popular.pk).update(popularity=1000)
    assert list(selectors.queue(ada)) == [popular, first, mild]
    assert services.claim_next(ada) == popular
    assert services.claim_next(r.person("bob")) == first


def test_a_claim_that_is_over_goes_back(case: Case, ada: User) -> None:
    r.in_analysis(ada, case)
    assert services.expire() == 0
    Case.objects.update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    assert services.expire() == 1
    again = fresh(case)
    assert (again.state, again.owner) == ("queued", None)


def test_only_the_owner_or_a_lead_releases(case: Case, ada: User, bob: User) -> None:
    services.claim(ada, case.pk)
    with pytest.raises(Refused):
        services.release(bob, case.pk)
    assert services.release(r.person("lea", Role.LEAD), case.pk, "away").state == "queued"


@pytest.mark.parametrize("role", [Role.READER, Role.SUBMITTER])
@pytest.mark.parametrize(
    "act",
    [
        lambda who, n: services.claim(who, n),
        lambda who, n: services.claim_next(who),
        lambda who, n: services.release(who, n),
        lambda who, n: services.start(who, n),
        lambda who, n: services.note(who, n, "text"),
        lambda who, n: services.needs_info(who, n, "what?"),
        lambda who, n: services.answer(who, n, "this"),
        lambda who, n: deciding.propose_malicious(who, n, "why"),
        lambda who, n: deciding.false_positive(who, n, "why"),
        lambda who, n: deciding.weakness(who, n, "why"),
        lambda who, n: deciding.refuse(who, n, "why"),
        lambda who, n: deciding.approve(who, n),
        lambda who, n: deciding.reopen(who, n, "why"),
        lambda who, n: shaping.duplicate(who, n, 1),
        lambda who, n: shaping.merge(who, n, 1),
        lambda who, n: shaping.split(who, n, [1], "title"),
        lambda who, n: selectors.queue(who),
        lambda who, n: selectors.detail(who, n),
    ],
)
def test_readers_and_submitters_do_none_of_this(
    case: Case, role: Role, act: Callable[[User, int], object]
) -> None:
    with pytest.raises(PermissionDenied):
        act(r.person("eve", role), case.pk)
    assert fresh(case).revision == case.revision


def test_a_case_that_is_not_there(ada: User) -> None:
    with pytest.raises(NotFound):
        services.claim(ada, 404)
    with pytest.raises(NotFound):
        selectors.detail(ada, 404)


# -- analysis ------------------------------------------------------------------------------------


def test_only_the_owner_works_on_it(case: Case, ada: User, bob: User) -> None:
    services.claim(ada, case.pk)
    with pytest.raises(Refused):
        services.start(bob, case.pk)
    services.start(ada, case.pk)
    for act in (deciding.propose_malicious, deciding.false_positive, services.needs_info):
        with pytest.raises(Refused):
            act(bob, case.pk, "text")


def test_a_note_is_kept_with_its_author_in_any_state(case: Case, ada: User) -> None:
    services.note(ada, case.pk, "seen this before")
    assert case.notes.get().author == ada
    assert actions(case)[-1] == "case-note"
    with pytest.raises(Refused):
        services.note(ada, case.pk, "  ")


def test_a_question_puts_it_back_until_it_is_answered(case: Case, ada: User, bob: User) -> None:
    r.in_analysis(ada, case)
    services.needs_info(ada, case.pk, "who made this?")
    asked = fresh(case)
    assert (asked.state, asked.owner, asked.question) == ("queued", None, "who made this?")
    assert services.claim_next(bob) is None
    services.answer(bob, case.pk, "its owner answered")
    assert services.claim_next(bob) == case


def test_a_question_without_an_answer_comes_back_on_its_date(case: Case, ada: User) -> None:
    r.in_analysis(ada, case)
    services.needs_info(ada, case.pk, "what?", timezone.now() + timedelta(days=1))
    services.expire()
    assert fresh(case).awaiting_until is not None
    Case.objects.update(awaiting_until=timezone.now() - timedelta(days=1))
    services.expire()
    assert fresh(case).awaiting_until is None


# -- malice --------------------------------------------------------------------------------------


def test_nobody_approves_what_they_proposed(case: Case, ada: User) -> None:
    r.in_analysis(ada, case)
    deciding.propose_malicious(ada, case.pk, "a shell")
    with pytest.raises(Refused, match="second person"):
        deciding.approve(ada, case.pk)
    assert fresh(case).state == "proposed"
    assert not Advisory.objects.exists()


def test_the_database_wants_two_people_too(case: Case, ada: User) -> None:
    r.in_analysis(ada, case)
    deciding.propose_malicious(ada, case.pk, "a shell")
    for statement in (
        f"UPDATE cases_case SET approver_id = {ada.pk}",
        "UPDATE cases_case SET state = 'decided', decision = 'malicious'",
        "UPDATE cases_case SET state = 'decided'",
        "UPDATE cases_case SET owner_id = NULL",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_one_person_teams_can_switch_it_off_and_the_row_says_so_for_ever(
    case: Case, ada: User, bob: User, settings: Any
) -> None:
    settings.WEIGHBRIDGE_FOUR_EYES = False
    r.in_analysis(ada, case)
    deciding.propose_malicious(ada, case.pk, "a shell")
    decided, issued = deciding.approve(ada, case.pk)
    assert decided.four_eyes_waived
    assert len(issued) == 1
    settings.WEIGHBRIDGE_FOUR_EYES = True
    deciding.reopen(bob, case.pk, "another look")
    deciding.propose_malicious(bob, case.pk, "still a shell")
    assert deciding.approve(ada, case.pk)[0].four_eyes_waived


def test_a_refusal_sends_it_back_to_its_owner(case: Case, ada: User, bob: User) -> None:
    r.in_analysis(ada, case)
    deciding.propose_malicious(ada, case.pk, "a shell")
    with pytest.raises(Refused):
        deciding.refuse(ada, case.pk, "changed my mind")
    refused = deciding.refuse(bob, case.pk, "show the command")
    assert (refused.state, refused.owner, refused.proposal) == ("in-analysis", ada, "")


def test_two_who_decide_at_once(case: Case, ada: User, bob: User) -> None:
    r.in_analysis(ada, case)
    deciding.propose_malicious(ada, case.pk, "a shell")
    cleo = r.person("cleo")
    results = at_once(
        [
            lambda: deciding.approve(bob, case.pk)[0],
            lambda: deciding.refuse(cleo, case.pk, "not sure"),
        ]
    )
    (told,) = [one for one in results if isinstance(one, Exception)]
    assert isinstance(told, Conflict)
    assert f"case {case.pk} is" in str(told)
    assert verify().ok


def test_two_who_approve_at_once_issue_one_msc(case: Case, ada: User, bob: User) -> None:
    r.in_analysis(ada, case)
    deciding.propose_malicious(ada, case.pk, "a shell")
    cleo = r.person("cleo")
    results = at_once([lambda who=who: deciding.approve(who, case.pk) for who in (bob, cleo)])
    assert len([one for one in results if isinstance(one, Conflict)]) == 1
    assert Advisory.objects.count() == 1


def test_who_looked_at_an_older_state_is_told(case: Case, ada: User, bob: User) -> None:
    r.in_analysis(ada, case)
    seen = deciding.propose_malicious(ada, case.pk, "a shell").revision
    deciding.refuse(bob, case.pk, "say more")
    deciding.propose_malicious(ada, case.pk, "a shell and a network connection")
    with pytest.raises(Conflict, match="since you looked"):
        deciding.approve(bob, case.pk, expected=seen)


def test_a_decision_needs_a_reason(case: Case, ada: User) -> None:
    r.in_analysis(ada, case)
    for act in (deciding.propose_malicious, deciding.false_positive, deciding.weakness):
        with pytest.raises(Refused, match="reason"):
            act(ada, case.pk, " ")


# -- false alarms --------------------------------------------------------------------------------


def test_one_person_decides_that_a_suspicion_was_none(milder: Case, ada: User) -> None:
    r.in_analysis(ada, milder)
    decided = deciding.false_positive(ada, milder.pk, "text only")
    assert (decided.state, decided.decision) == ("decided", "false-positive")
    assert FalsePositive.objects.get().behaviour == milder.behaviour
    assert ModelVersion.objects.get().status == "false-positive"


def test_two_people_decide_that_malice_was_none(case: Case, ada: User, bob: User) -> None:
    r.in_analysis(ada, case)
    assert deciding.false_positive(ada, case.pk, "our own test file").state == "proposed"
    assert not FalsePositive.objects.exists()
    with pytest.raises(Refused):
        deciding.approve(ada, case.pk)
    decided, issued = deciding.approve(bob, case.pk)
    assert (decided.decision, issued) == ("false-positive", [])


def test_a_false_positive_silences_exactly_its_behaviour(milder: Case, ada: User) -> None:
    r.in_analysis(ada, milder)
    deciding.false_positive(ada, milder.pk, "text only")
    again = r.scanned(r.unvouched() + b"tail", "copy.pkl")
    assert again.version is not None
    assert Case.objects.filter(behaviour=milder.behaviour).count() == 1
    r.scanned(r.unvouched("y"), "near.pkl")
    near = Case.objects.exclude(behaviour=milder.behaviour).get()
    assert (near.state, near.family) == ("queued", milder.family)


def test_the_database_wants_two_people_for_lowering_malice(case: Case, ada: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.update(state="decided", decision="false-positive", proposer=ada)


# -- the other ends ------------------------------------------------------------------------------


def test_a_weakness_reserves_a_ws(milder: Case, ada: User) -> None:
    r.in_analysis(ada, milder)
    decided, ws = deciding.weakness(ada, milder.pk, "it needs third-party code")
    assert decided.decision == "weakness"
    assert ws is not None
    assert (ws.kind, ws.state, ws.case) == ("WS", "reserved", decided)
    assert ModelVersion.objects.get().status == "weakness-found"


def test_a_duplicate_hands_its_occurrences_over(ada: User) -> None:
    r.scanned(r.infected("one"), "a.pkl")
    r.scanned(r.infected("two"), "b.pkl")
    first, second = Case.objects.order_by("pk")
    r.in_analysis(ada, second)
    decided = shaping.duplicate(ada, second.pk, first.pk, "the same dropper")
    assert (decided.decision, decided.duplicate_of) == ("duplicate", first)
    assert first.occurrences.count() == 2
    r.in_analysis(ada, first)
    for other in (first.pk, second.pk):
        with pytest.raises(Refused):
            shaping.duplicate(ada, first.pk, other)


def test_what_turns_up_later_of_a_duplicate_goes_to_its_survivor(ada: User) -> None:
    r.scanned(r.infected("one"), "a.pkl")
    r.scanned(r.infected("two"), "b.pkl")
    first, second = Case.objects.order_by("pk")
    shaping.merge(ada, second.pk, first.pk, "one campaign")
    r.scanned(r.infected("two") + b"tail", "c.pkl")
    assert first.occurrences.count() == 3
    r.decided_malicious(first)
    assert set(ModelVersion.objects.values_list("status", flat=True)) == {"validated"}


def test_a_split_opens_a_case_that_names_its_parent(ada: User) -> None:
    r.scanned(r.infected(), "a.pkl")
    r.scanned(r.infected() + b"tail", "b.pkl")
    case = r.only_case()
    one, other = case.occurrences.order_by("pk")
    child = shaping.split(ada, case.pk, [other.pk], "another cause")
    assert (child.parent, child.state, child.verdict) == (case, "queued", "malicious")
    assert list(child.occurrences.all()) == [other]
    assert list(case.occurrences.all()) == [one]
    r.scanned(r.infected() + b"tail", "b.pkl")
    assert list(child.occurrences.all()) == [other]
    with pytest.raises(Refused):
        shaping.split(ada, case.pk, [one.pk], "nothing would be left")


def test_reopening_needs_somebody_else_than_the_approver(case: Case, ada: User, bob: User) -> None:
    r.decided_malicious(case)
    with pytest.raises(Refused):
        deciding.reopen(bob, case.pk, "an appeal")
    again = deciding.reopen(ada, case.pk, "an appeal")
    assert (again.state, again.decision, again.reopened) == ("in-analysis", "", 1)
    assert Advisory.objects.get().state == "issued"
    assert ModelVersion.objects.get().status == "validated"


def test_a_reopened_false_positive_no_longer_silences(milder: Case, ada: User) -> None:
    r.in_analysis(ada, milder)
    deciding.false_positive(ada, milder.pk, "text only")
    deciding.reopen(ada, milder.pk, "new evidence")
    assert ModelVersion.objects.get().status == "suspected"
    deciding.false_positive(ada, milder.pk, "still text only")
    assert FalsePositive.objects.filter(revoked_at=None).count() == 1


# -- reports from outside ------------------------------------------------------------------------


def test_a_report_about_something_unknown_opens_a_case() -> None:
    row = services.report(services.Told("malicious", "acme/model", "it mines coins", "me@a.org"))
    assert row.case is not None
    assert (row.case.origin, row.case.verdict, row.case.state) == ("report", "suspicious", "queued")
    again = services.report(services.Told("malicious", "acme/model", "me too"))
    assert again.case == row.case


def test_a_report_joins_the_open_case_about_its_model(case: Case) -> None:
    model = ModelVersion.objects.get().model
    row = services.report(services.Told("malicious", model.name, "odd", model=model))
    assert row.case == case


def test_an_appeal_is_a_report_and_changes_nothing(case: Case) -> None:
    r.decided_malicious(case)
    before = fresh(case)
    services.report(services.Told("appeal", "acme/model", "it is ours", case=case))
    assert fresh(case).revision == before.revision
    assert Report.objects.get().case == case
    assert actions(case)[-1] == "case-report-appeal"


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
def test_a_report_says_something_and_not_too_much(text: str) -> None:
    with pytest.raises(Refused):
        services.report(services.Told("other", "acme/model", text))


def test_a_case_is_opened_by_hand_about_a_version(ada: User) -> None:
    scan = r.scanned(r.harmless())
    manual = services.Manual("Template leaks the prompt", "seen in use", version=scan.version)
    case = services.open_by_hand(ada, manual)
    assert (case.origin, case.subject, case.verdict) == ("manual", scan.version, "weakness")
    with pytest.raises(PermissionDenied):
        services.open_by_hand(r.person("eve", Role.SUBMITTER), manual)


# -- the list ------------------------------------------------------------------------------------


def test_the_queue_asks_one_question_however_long_it_is(
    ada: User, django_assert_num_queries: Any
) -> None:
    rows = [
        Case(behaviour=f"{n}", family="f", rule="r", verdict="suspicious", rank=1, title=f"{n}")
        for n in range(300)
    ]
    Case.objects.bulk_create(rows)
    with django_assert_num_queries(1):
        page = [(case.title, case.owner) for case in selectors.queue(ada)[:200]]
    assert len(page) == 200


def test_every_step_stands_in_the_history(case: Case, ada: User, bob: User) -> None:
    r.decided_malicious(case)
    assert actions(case) == [
        "case-open",
        "case-claim",
        "case-start",
        "case-propose",
        "case-approve",
        "msc-issue",
    ]
    opened = Event.objects.filter(case_number=case.pk).order_by("seq").first()
    assert opened is not None
    assert opened.rules_version.startswith("20")
    assert verify().ok
