"""Vouching for symbols: proposed by one researcher, confirmed by another, applied at once."""

from __future__ import annotations

import re

from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.four_eyes import second_person
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.services import Act, Actor, record
from weighbridge.platform.cases.deciding import silence_vouched
from weighbridge.platform.cases.models import OPEN, Case, CaseState, Ruling, Vouch
from weighbridge.platform.cases.ruling import hold_alone
from weighbridge.platform.cases.transitions import locked
from weighbridge.platform.cases.vouched import critical, in_force, version_of
from weighbridge.platform.scans.hunt_queue import Outcome
from weighbridge.platform.scans.hunts import rejudge

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_STEPS = {
    "approve": ("proposed", "active"),
    "refuse": ("proposed", "refused"),
    "revoke": ("active", "revoked"),
}


def propose(user: User, module: str, name: str, scope: str, reason: str) -> Vouch:
    """Propose that a symbol is ordinary in models.

    Args:
        user: who vouches.
        module: by its exact name.
        name: of the class or function, by its exact name.
        scope: `rebuild` for a class rebuilt in the ordinary way, `any` for calls as well.
        reason: why.

    Raises:
        PermissionDenied: they may not.
        Refused: the tables call the symbol critical, or that is no symbol.
        Conflict: it is proposed or vouched for already.
    """
    require(user, Action.VOUCH)
    if not (_MODULE.fullmatch(module) and _MODULE.fullmatch(name)) or len(module) > 200:
        raise Refused("vouch for one symbol by its exact module and name")
    if len(name) > 100 or scope not in Vouch.Scope.values:
        raise Refused(f"the scope is one of {', '.join(Vouch.Scope.values)}")
    if critical(module, name):
        raise Refused(f"{module}.{name} is critical; nobody can vouch for it")
    reason = _reasoned(reason)
    with transaction.atomic():
        hold_alone()
        if Vouch.objects.filter(
            module=module, name=name, state__in=["proposed", "active"]
        ).exists():
            raise Conflict(f"{module}.{name} is proposed or vouched for already")
        row = Vouch.objects.create(
            module=module, name=name, scope=scope, reason=reason, proposer=user
        )
        record(user, _act(row, "vouch-propose", "", reason))
        return row


def approve(user: User, number: int, emergency: str = "") -> tuple[Vouch, Outcome]:
    """Confirm a vouch and apply it to everything ever scanned.

    Args:
        user: who confirms.
        number: of the vouch.
        emergency: why a lead confirms alone what they proposed; the row says so for ever.

    Returns:
        The vouch, and how many artifacts were judged again and changed.

    Raises:
        Conflict: it is not proposed any more.
        Refused: the proposer asks, and two people are needed.
        PermissionDenied: they may not, or there is an emergency and they are no lead.
    """
    require(user, Action.APPROVE_CASE)
    with transaction.atomic():
        hold_alone()
        row = _locked(number)
        waiver = second_person(row.proposer_id, user, emergency)
        row = _transition(
            row,
            "approve",
            user,
            storable(emergency.strip()) if waiver.emergency else row.reason,
            approver=user,
            four_eyes_waived=waiver.four_eyes,
            emergency=waiver.emergency,
        )
        _new_version()
    return row, apply(row, user)


def refuse(user: User, number: int, reason: str) -> Vouch:
    """Say no to a vouch.

    Raises:
        Conflict: it is not proposed any more.
    """
    require(user, Action.APPROVE_CASE)
    reason = _reasoned(reason)
    with transaction.atomic():
        hold_alone()
        return _transition(_locked(number), "refuse", user, reason)


def revoke(user: User, number: int, reason: str) -> tuple[Vouch, Outcome]:
    """Take a vouch back. One person is enough to be stricter.

    Raises:
        Conflict: it is not active.
    """
    require(user, Action.VOUCH)
    reason = _reasoned(reason)
    with transaction.atomic():
        hold_alone()
        row = _transition(_locked(number), "revoke", user, reason, applied_at=None)
        _new_version()
    return row, apply(row, user)


def apply(row: Vouch, actor: Actor) -> Outcome:
    """Judge again what names a symbol whose vouch changed, and decide cases left with nothing.

    Interrupted, it is found by `apply_pending` and done again, with the same result.
    """
    outcome = rejudge([f"{row.module}.{row.name}"], actor)
    if row.state == Vouch.State.ACTIVE:
        _close_emptied(row, actor)
    Vouch.objects.filter(pk=row.pk).update(applied_at=timezone.now())
    row.refresh_from_db()
    return outcome


def apply_pending() -> int:
    """Apply vouches whose application was interrupted; returns how many."""
    rows = Vouch.objects.filter(applied_at__isnull=True, state__in=["active", "revoked"])
    count = 0
    for row in rows:
        apply(row, "vouching")
        count += 1
    return count


def _close_emptied(row: Vouch, actor: Actor) -> None:
    symbol = f"{row.module}.{row.name}"
    cases = (
        Case.objects.filter(state__in=OPEN, origin="defender", occurrences__isnull=False)
        .exclude(occurrences__live=True)
        .exclude(verdict="malicious")
        .distinct()
    )
    for number in list(cases.values_list("pk", flat=True)):
        with transaction.atomic():
            hold_alone()
            case = locked(number)
            emptied = not case.occurrences.filter(live=True).exists()
            if emptied and case.state in (CaseState.QUEUED, CaseState.CLAIMED, "in-analysis"):
                silence_vouched(case, actor, f"{symbol} is vouched for (vouch {row.pk})")


def _transition(row: Vouch, step: str, user: User, reason: str, **columns: object) -> Vouch:
    source, to = _STEPS[step]
    if row.state != source:
        raise Conflict(f"this vouch is {row.state}, so this cannot be done: {step}")
    row.state, row.decided_at = to, timezone.now()
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()
    record(user, _act(row, f"vouch-{step}", source, reason))
    return row


def _new_version() -> None:
    Ruling.objects.filter(pk=1).update(vouched=version_of(in_force()))


def _locked(number: int) -> Vouch:
    row = Vouch.objects.select_for_update(of=("self",)).filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no vouch {number}")
    return row


def _reasoned(reason: str) -> str:
    reason = storable(reason.strip())
    if not reason:
        raise Refused("a reason is needed")
    return reason


def _act(row: Vouch, action: str, before: str, reason: str) -> Act:
    return Act(
        action=action,
        object_kind="vouch",
        object_id=row.pk,
        before=before,
        after=row.state,
        reason=reason,
        data={
            "module": row.module,
            "name": row.name,
            "scope": row.scope,
            **({"emergency": True} if row.emergency else {}),
        },
    )
