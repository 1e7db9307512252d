"""Joining cases that have one cause and dividing one that has two."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.canonical import canonical, sha256, storable
from weighbridge.platform.audit.errors import Conflict, Refused
from weighbridge.platform.audit.services import Act, record
from weighbridge.platform.cases.deciding import behaviours_of
from weighbridge.platform.cases.models import OPEN, RANKS, Case, Decision, Occurrence
from weighbridge.platform.cases.opening import follow_models
from weighbridge.platform.cases.ruling import hold_alone
from weighbridge.platform.cases.transitions import Change, check, describe, lock_all, transition
from weighbridge.platform.scans.assessment import reassess


def duplicate(user: User, number: int, of: int, reason: str = "") -> Case:
    """Decide that a case in analysis is a duplicate of another; its occurrences go there.

    Raises:
        Conflict: the case is not in analysis.
        Refused: it is somebody else's, or the other is itself a duplicate.
    """
    return _join(user, number, of, "duplicate", reason)


def merge(user: User, number: int, into: int, reason: str = "") -> Case:
    """Join an open case into another and leave a pointer.

    Raises:
        Conflict: the case is proposed or decided.
        Refused: somebody else works on it, or the other is itself a duplicate.
    """
    return _join(user, number, into, "merge", reason)


def _join(user: User, number: int, into: int, step: str, reason: str) -> Case:
    require(user, Action.DECIDE_CASE)
    if number == into:
        raise Refused("a case is no duplicate of itself")
    with transaction.atomic():
        hold_alone()
        case, target = lock_all([number, into])
        check(case, step, user)
        if case.owner_id not in (None, user.pk):
            raise Refused(f"{describe(case)}; only its owner can do this: {step}")
        if target.duplicate_of_id is not None:
            raise Refused(f"case {into} is itself a duplicate, of {target.duplicate_of_id}")
        moved = Occurrence.objects.filter(case=case).update(case=target)
        _raise(target, case)
        follow_models(target)
        change = Change(
            {
                "decision": Decision.DUPLICATE.value,
                "duplicate_of": target,
                "proposer": user,
                "decided_at": timezone.now(),
                "reason": storable(reason),
            },
            reason,
            {"duplicate_of": into, "occurrences": moved},
        )
        case = transition(case, step, user, change)
        record(user, _act(target, "case-joined", {"from": number, "occurrences": moved}))
        reassess(behaviours_of(case), f"case {number} joined case {into}")
        return case


def _raise(target: Case, case: Case) -> None:
    if target.state in OPEN and case.rank < target.rank:
        target.verdict, target.rank = case.verdict, case.rank
        target.save(update_fields=["verdict", "rank"])


def split(user: User, number: int, occurrences: Sequence[int], title: str) -> Case:
    """Open a new case for some occurrences that have another cause; it names its parent.

    Published numbers stay with the old case.

    Raises:
        Conflict: the case is decided.
        Refused: somebody else works on it, or not some of its occurrences are named.
    """
    require(user, Action.DECIDE_CASE)
    with transaction.atomic():
        hold_alone()
        (case,) = lock_all([number])
        if case.state not in OPEN:
            raise Conflict(f"{describe(case)}; reopen it before it is divided")
        if case.owner_id not in (None, user.pk):
            raise Refused(f"{describe(case)}; only its owner can do this: split")
        chosen = Occurrence.objects.filter(case=case, pk__in=list(occurrences))
        places = sorted(chosen.values_list("place", flat=True))
        if not places or len(places) == Occurrence.objects.filter(case=case).count():
            raise Refused("name some of the case's occurrences, and leave some")
        kinds = chosen.values_list("kind", flat=True)
        kind = min(kinds, key=lambda word: RANKS.get(word, 9))
        child = Case.objects.create(
            behaviour=sha256(canonical([case.behaviour, places]))[:32],
            family=case.family,
            rule=case.rule,
            verdict=kind,
            rank=RANKS[kind],
            title=storable(title.strip() or case.title, 300),
            origin=case.origin,
            parent=case,
            restricted=True,
        )
        chosen.update(case=child)
        follow_models(child)
        follow_models(case)
        data = {"parent": number, "occurrences": len(places)}
        record(user, _act(case, "case-split", {"child": child.pk, "occurrences": len(places)}))
        record(user, _act(child, "case-open", data))
        return child


def _act(case: Case, action: str, data: dict[str, int]) -> Act:
    return Act(
        action=action,
        object_kind="case",
        object_id=case.pk,
        case=case.pk,
        before=case.state,
        after=case.state,
        data=data,
    )
