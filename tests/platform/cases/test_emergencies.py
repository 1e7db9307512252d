"""A lead acts alone in an emergency: with a reason, in the history, on the row for ever."""

from __future__ import annotations

import pytest
import registry as r
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories import services as advisories
from weighbridge.platform.advisories.models import Advisory, Proposal
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.audit.models import Event
from weighbridge.platform.cases import deciding, vouching
from weighbridge.platform.cases.emergencies import emergencies
from weighbridge.platform.cases.models import Case, Vouch

pytestmark = pytest.mark.django_db


def proposed(user: User) -> Case:
    r.scanned(r.infected())
    case = r.in_analysis(user, r.only_case())
    return deciding.propose_malicious(user, case.pk, "it runs a shell command")


def test_a_lead_decides_alone_with_a_reason() -> None:
    lea = r.person("lea", Role.LEAD)
    case = proposed(lea)
    with pytest.raises(Refused, match="second person"):
        deciding.approve(lea, case.pk)
    with pytest.raises(Refused, match="reason"):
        deciding.approve(lea, case.pk, " ", emergency=True)
    case, issued = deciding.approve(lea, case.pk, "It spreads now.", emergency=True)
    assert (case.decision, case.emergency, case.four_eyes_waived) == ("malicious", True, True)
    assert len(issued) == 1
    event = Event.objects.get(action="case-approve")
    assert event.reason == "It spreads now." and '"emergency":true' in str(event.data).replace(
        "'", '"'
    ).replace("True", "true").replace(" ", "")


def test_a_researcher_does_not() -> None:
    ada = r.person("ada")
    case = proposed(ada)
    with pytest.raises(PermissionDenied):
        deciding.approve(ada, case.pk, "It spreads now.", emergency=True)


def test_with_a_second_person_there_is_no_emergency() -> None:
    case = proposed(r.person("ada"))
    case, _ = deciding.approve(r.person("lea", Role.LEAD), case.pk, "Agreed.", emergency=True)
    assert (case.emergency, case.four_eyes_waived) == (False, False)


def test_it_is_marked_for_ever() -> None:
    lea = r.person("lea", Role.LEAD)
    case, _ = deciding.approve(lea, proposed(lea).pk, "It spreads now.", emergency=True)
    case = deciding.reopen(r.person("bob"), case.pk, "new evidence")
    deciding.propose_malicious(r.person("bob"), case.pk, "still")
    case, _ = deciding.approve(r.person("ada"), case.pk)
    assert case.emergency
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.update(four_eyes_waived=False)


def test_a_withdrawal_in_an_emergency() -> None:
    r.scanned(r.infected())
    r.decided_malicious(r.only_case())
    lea = r.person("lea", Role.LEAD)
    number = Advisory.objects.get().pk
    row = advisories.propose(lea, number, "withdraw", "It names the wrong model.")
    with pytest.raises(Refused, match="second person"):
        advisories.approve_proposal(lea, row.pk)
    advisory = advisories.approve_proposal(lea, row.pk, "It blocks everybody.")
    assert advisory.state == "withdrawn" and advisory.withdrawal.four_eyes_waived
    row = Proposal.objects.get()
    assert (row.emergency, row.four_eyes_waived) == (True, True)
    assert Event.objects.get(action="break-glass").reason == "It blocks everybody."


def test_vouching_in_an_emergency() -> None:
    lea = r.person("lea", Role.LEAD)
    row = vouching.propose(lea, "acme.layers", "Gate", "rebuild", "It holds weights.")
    with pytest.raises(Refused, match="second person"):
        vouching.approve(lea, row.pk)
    row, _ = vouching.approve(lea, row.pk, "Every build of ours stands still.")
    assert (row.state, row.emergency, row.four_eyes_waived) == ("active", True, True)
    event = Event.objects.get(action="vouch-approve")
    assert event.reason == "Every build of ours stands still."
    with pytest.raises(IntegrityError), transaction.atomic():
        Vouch.objects.update(four_eyes_waived=False)


def test_a_researcher_does_not_vouch_alone_in_an_emergency() -> None:
    ada = r.person("ada")
    row = vouching.propose(ada, "acme.layers", "Gate", "rebuild", "It holds weights.")
    with pytest.raises(PermissionDenied):
        vouching.approve(ada, row.pk, "Every build of ours stands still.")


def test_what_was_decided_alone_is_listed_for_others() -> None:
    lea = r.person("lea", Role.LEAD)
    case, issued = deciding.approve(lea, proposed(lea).pk, "It spreads now.", emergency=True)
    row = advisories.propose(lea, issued[0].pk, "withdraw", "It names the wrong model.")
    advisories.approve_proposal(lea, row.pk, "It blocks everybody.")
    vouch = vouching.propose(lea, "acme.layers", "Gate", "rebuild", "It holds weights.")
    vouching.approve(lea, vouch.pk, "Every build of ours stands still.")
    listed = emergencies(r.person("bob"))
    assert {(one.what, one.page, one.by) for one in listed} == {
        ("malicious", f"/cases/{case.pk}", lea),
        ("withdraw", f"/advisories/{bare(issued[0])}", lea),
        ("vouch, active", "/vouches", lea),
    }
