"""Decisions about cases, by two people where it matters."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.four_eyes import needed, second_person
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.advisories.issuing import affected_models, issue_msc
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.services import Opening, reserve_ws
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.audit.services import Actor
from weighbridge.platform.cases.models import Case, Decision, FalsePositive
from weighbridge.platform.cases.ruling import hold_alone
from weighbridge.platform.cases.transitions import Change, check, locked, transition
from weighbridge.platform.scans.assessment import reassess


def propose_malicious(user: User, number: int, reason: str, expected: int | None = None) -> Case:
    """Propose that a case is malicious; somebody else approves. No number is taken yet.

    Raises:
        PermissionDenied: they may not.
        Conflict: the case is not in analysis, or was changed since it was looked at.
        Refused: it is somebody else's, or no reason is given.
    """
    return _proposed(user, number, Decision.MALICIOUS, reason, expected)


def false_positive(user: User, number: int, reason: str, expected: int | None = None) -> Case:
    """Decide that a case is a false alarm, which silences exactly its behaviour.

    Where the rules say malicious this is only a proposal: somebody else approves.

    Raises:
        PermissionDenied: they may not.
        Conflict: the case is not in analysis, or was changed since it was looked at.
        Refused: it is somebody else's, or no reason is given.
    """
    require(user, Action.DECIDE_CASE)
    reason = _reasoned(reason)
    with transaction.atomic():
        hold_alone()
        case = locked(number, expected)
        if case.verdict == "malicious":
            return _proposed(user, number, Decision.FALSE_POSITIVE, reason, expected)
        check(case, "false-positive", user)
        return _silenced(case, "false-positive", user, _decided(user, reason, "false-positive"))


def weakness(
    user: User, number: int, reason: str, opening: Opening | None = None
) -> tuple[Case, Advisory | None]:
    """Decide that a case is a weakness without intent, and reserve a WS for it.

    Args:
        user: its owner.
        number: of the case.
        reason: for the history.
        opening: what the WS begins with; by default it is about the most downloaded model
            concerned.

    Returns:
        The case, and the WS; None where no model is concerned.

    Raises:
        Conflict: the case is not in analysis.
        Refused: it is somebody else's, or no reason is given.
    """
    require(user, Action.DECIDE_CASE)
    require(user, Action.ISSUE_WS)
    reason = _reasoned(reason)
    with transaction.atomic():
        hold_alone()
        case = locked(number)
        check(case, "weakness", user)
        models = affected_models(case)
        if opening is None and (models or case.package):
            opening = Opening(
                title=storable(case.title, 120),
                description=reason,
                model=None if case.package else models[0],
                package=case.package,
                versions=tuple(case.package_versions),
                case=case,
            )
        case = transition(case, "weakness", user, _decided(user, reason, "weakness"))
        advisory = None if opening is None else reserve_ws(user, opening)
        reassess(behaviours_of(case), f"case {case.pk}")
        return case, advisory


def refuse(user: User, number: int, reason: str, expected: int | None = None) -> Case:
    """Send a proposal back to its owner.

    Raises:
        Conflict: nothing is proposed.
        Refused: no reason is given, or the proposer asks.
    """
    require(user, Action.APPROVE_CASE)
    reason = _reasoned(reason)
    with transaction.atomic():
        case = locked(number, expected)
        second_person(case.proposer_id, user)
        return transition(case, "refuse", user, Change({"proposal": "", "proposer": None}, reason))


def approve(
    user: User,
    number: int,
    reason: str = "",
    expected: int | None = None,
    *,
    emergency: bool = False,
) -> tuple[Case, list[Advisory]]:
    """Take a proposed decision. Malice issues one MSC for each model affected now.

    Args:
        user: who decides.
        number: of the case.
        reason: for the history; needed in an emergency.
        expected: the revision that they saw.
        emergency: a lead decides alone what they proposed; the row says so for ever.

    Returns:
        The case, and the advisories issued.

    Raises:
        PermissionDenied: they may not.
        Conflict: nothing is proposed any more, or it was changed since it was looked at.
        Refused: the proposer asks, and two people are needed.
    """
    require(user, Action.APPROVE_CASE)
    with transaction.atomic():
        hold_alone()
        case = locked(number, expected)
        check(case, "approve", user)
        waiver = second_person(case.proposer_id, user, _reasoned(reason) if emergency else "")
        waived = {
            "four_eyes_waived": waiver.four_eyes or case.four_eyes_waived,
            "emergency": waiver.emergency or case.emergency,
        }
        decision = case.proposal
        change = Change(
            {
                "decision": decision,
                "proposal": "",
                "approver": user,
                "decided_at": timezone.now(),
                **waived,
            },
            reason or case.reason,
            {"decision": decision, **waived},
        )
        if decision == Decision.FALSE_POSITIVE:
            return _silenced(case, "approve", user, change), []
        case = transition(case, "approve", user, change)
        issued = issue_msc(case, user)
        reassess(behaviours_of(case), f"case {case.pk}")
        return case, issued


def reopen(user: User, number: int, reason: str) -> Case:
    """Take a decided case up again, on new evidence or an appeal.

    Its advisories stay as they are until a new decision; a false positive no longer silences.

    Raises:
        Conflict: the case is not decided.
        Refused: they approved it themselves, or no reason is given.
    """
    require(user, Action.REOPEN_CASE)
    reason = _reasoned(reason)
    with transaction.atomic():
        hold_alone()
        case = locked(number)
        check(case, "reopen", user)
        if case.approver_id == user.pk and needed():
            raise Refused("whoever approved a decision cannot reopen it alone; ask somebody else")
        behaviours = behaviours_of(case)
        now = timezone.now()
        FalsePositive.objects.filter(case=case, revoked_at__isnull=True).update(revoked_at=now)
        change = Change(
            {
                "owner": user,
                "claimed_at": now,
                "decision": "",
                "duplicate_of": None,
                "proposer": None,
                "approver": None,
                "decided_at": None,
                "reopened": case.reopened + 1,
            },
            reason,
            {"decision": case.decision},
        )
        case = transition(case, "reopen", user, change)
        reassess(behaviours, f"case {case.pk} reopened")
        return case


def silence_vouched(case: Case, actor: Actor, reason: str) -> Case:
    """Decide an open case whose every occurrence is ordinary by a vouch that two people gave.

    Part of the caller's transaction, which holds the ruling alone and has locked the case.
    """
    return _silenced(case, "vouched", actor, _decided(None, reason, "false-positive"))


def behaviours_of(case: Case) -> set[str]:
    """Return what a decision of this case speaks about: its behaviour and its duplicates'."""
    found = {case.behaviour}
    waiting = [case.pk]
    while waiting:
        rows = Case.objects.filter(duplicate_of__in=waiting).values_list("pk", "behaviour")
        waiting = [number for number, behaviour in rows if behaviour not in found]
        found |= {behaviour for _, behaviour in rows}
    return found


def _silenced(case: Case, step: str, actor: Actor, change: Change) -> Case:
    case = transition(case, step, actor, change)
    behaviours = behaviours_of(case)
    FalsePositive.objects.bulk_create(
        (
            FalsePositive(behaviour=behaviour, case=case, reason=change.reason)
            for behaviour in sorted(behaviours)
        ),
        ignore_conflicts=True,
    )
    reassess(behaviours, f"case {case.pk}")
    return case


def _proposed(
    user: User, number: int, decision: Decision, reason: str, expected: int | None
) -> Case:
    require(user, Action.DECIDE_CASE)
    reason = _reasoned(reason)
    with transaction.atomic():
        case = locked(number, expected)
        if decision is Decision.MALICIOUS and not case.package and not affected_models(case):
            raise Refused(f"case {number} concerns no model or package that an MSC could name")
        columns = {"proposal": decision.value, "proposer": user, "reason": reason}
        return transition(
            case, "propose", user, Change(columns, reason, {"decision": decision.value})
        )


def _decided(user: User | None, reason: str, decision: str) -> Change:
    columns: dict[str, Any] = {
        "decision": decision,
        "reason": reason,
        "proposer": user,
        "decided_at": timezone.now(),
    }
    return Change(columns, reason, {"decision": decision})


def _reasoned(reason: str) -> str:
    reason = storable(reason.strip())
    if not reason:
        raise Refused("a reason is needed")
    return reason
