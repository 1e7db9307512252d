"""The life of a WS, and withdrawing either kind; `issuing` makes an MSC."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.four_eyes import second_person
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.advisories import numbers, revisions, targets
from weighbridge.platform.advisories.content import (
    AdvisoryContent,
    Kin,
    Reference,
    Target,
    checked,
)
from weighbridge.platform.advisories.issuing import issue_for_model, issue_msc
from weighbridge.platform.advisories.models import (
    Advisory,
    AdvisoryState,
    Kind,
    Proposal,
    Withdrawal,
)
from weighbridge.platform.advisories.transitions import act, check, transition
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.services import record
from weighbridge.platform.cases.models import Case
from weighbridge.platform.cases.ruling import hold_alone
from weighbridge.platform.catalog.models import Model
from weighbridge.platform.catalog.selectors import derived_from

__all__ = [
    "Opening",
    "approve_proposal",
    "issue_for_model",
    "issue_msc",
    "propose",
    "publish_ws",
    "refuse_proposal",
    "reject_ws",
    "reserve_ws",
    "revise_ws",
    "save_draft",
    "supersede_ws",
    "unsupersede_ws",
    "withdraw",
]
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a WS begins with.

    Attributes:
        model: the model that it is about; None for a package on PyPI.
        package: name of the package, with `versions`.
        versions: affected revisions or versions.
        embargo_until: nothing is published before, unless two people lift it.
    """

    title: str
    description: str
    model: Model | None = None
    package: str = ""
    versions: Sequence[str] = ()
    source: str = "manual-analysis"
    trigger: str = ""
    case: Case | None = None
    embargo_until: datetime | None = None
    embargo_reason: str = ""


def reserve_ws(user: User, opening: Opening) -> Advisory:
    """Take a number for a weakness, with a draft that nobody outside sees.

    Raises:
        PermissionDenied: they may not.
        Refused: the target is not one model or one package.
    """
    require(user, Action.ISSUE_WS)
    if (opening.model is None) == (not opening.package):
        raise Refused("a WS is about one model or one package")
    with transaction.atomic():
        hold_alone()
        year, number = numbers.take(Kind.WS)
        target = _target(opening)
        draft = AdvisoryContent(
            kind=Kind.WS.value,
            id=numbers.spelled(Kind.WS, year, number),
            revision=1,
            title=opening.title,
            description=opening.description,
            target=target,
            source=opening.source,
            trigger=opening.trigger or opening.title,
            references=(Reference("PACKAGE", target.url),) if target.url else (),
            derived=_kin(opening.model),
        )
        advisory = Advisory.objects.create(
            kind=Kind.WS,
            year=year,
            number=number,
            state=AdvisoryState.RESERVED,
            case=opening.case,
            model=opening.model,
            ecosystem=target.ecosystem,
            name=target.name,
            purl=target.purl,
            embargo_until=opening.embargo_until,
            embargo_reason=opening.embargo_reason,
            draft=dataclasses.asdict(draft),
            created_by=user,
        )
        record(user, act(advisory, "ws-reserve"))
        return advisory


def save_draft(user: User, number: int, content: dict[str, Any]) -> Advisory:
    """Keep what a reserved WS will say.

    Args:
        user: who writes.
        number: key of the advisory.
        content: fields of `AdvisoryContent`; target and id stay as they are.

    Raises:
        Conflict: it is not reserved any more.
        Refused: the content breaks a rule.
    """
    require(user, Action.ISSUE_WS)
    with transaction.atomic():
        advisory = _locked(number, Kind.WS)
        check(advisory, "draft")
        draft = _merged(AdvisoryContent.from_plain(advisory.draft), content)
        return transition(advisory, "draft", user, draft=dataclasses.asdict(checked(draft)))


def publish_ws(user: User, number: int) -> Advisory:
    """Publish a reserved WS: its draft becomes revision 1.

    Raises:
        Conflict: it is not reserved any more.
        Refused: it is under embargo, or the draft breaks a rule.
    """
    require(user, Action.ISSUE_WS)
    with transaction.atomic():
        hold_alone()
        advisory = _locked(number, Kind.WS)
        check(advisory, "publish")
        if advisory.embargo_until is not None and advisory.embargo_until > timezone.now():
            until = advisory.embargo_until.date().isoformat()
            raise Refused(f"{numbers.bare(advisory)} is under embargo until {until}")
        revisions.write(advisory, AdvisoryContent.from_plain(advisory.draft), user)
        advisory = transition(advisory, "publish", user)
        revisions.refresh_model(advisory.model, numbers.bare(advisory))
        return advisory


def revise_ws(user: User, number: int, content: dict[str, Any], reason: str) -> Advisory:
    """Publish another revision of a WS.

    Args:
        user: who writes.
        number: key of the advisory.
        content: the fields that change; `revision` is the one that was looked at, plus one.
        reason: what changed, for the history.

    Raises:
        Conflict: it is not published, or was revised since.
        Refused: the content breaks a rule.
    """
    require(user, Action.ISSUE_WS)
    return _revised(user, number, "revise", content, reason)


def supersede_ws(user: User, number: int, cve: str) -> Advisory:
    """Say that a published CVE is exactly this flaw. The WS is served for ever and says so.

    Raises:
        Conflict: it is not published.
        Refused: that is no CVE id.
    """
    require(user, Action.ISSUE_WS)
    cve = cve.strip().upper()
    if _CVE.fullmatch(cve) is None:
        raise Refused(f"{cve} is no CVE id")
    reference = Reference("ADVISORY", f"https://www.cve.org/CVERecord?id={cve}")
    with transaction.atomic():
        now = _current(number, "supersede")
        return _revised(
            user,
            number,
            "supersede",
            {
                "aliases": sorted({*now.aliases, cve}),
                "superseded_by": cve,
                "references": [dataclasses.asdict(r) for r in (*now.references, reference)],
            },
            cve,
            cve=cve,
        )


def unsupersede_ws(user: User, number: int, reason: str) -> Advisory:
    """Take a CVE off again that was rejected or is about something else.

    Raises:
        Conflict: the WS is not superseded.
    """
    require(user, Action.ISSUE_WS)
    with transaction.atomic():
        now = _current(number, "unsupersede")
        cve = now.superseded_by
        return _revised(
            user,
            number,
            "unsupersede",
            {
                "aliases": [alias for alias in now.aliases if alias != cve],
                "superseded_by": "",
                "references": [
                    dataclasses.asdict(one) for one in now.references if not one.url.endswith(cve)
                ],
            },
            reason,
            cve="",
        )


def reject_ws(user: User, number: int, reason: str) -> Advisory:
    """Give up a reserved number. It is never used again.

    Raises:
        Conflict: it is not reserved any more.
    """
    require(user, Action.ISSUE_WS)
    _reasoned(reason)
    with transaction.atomic():
        return transition(_locked(number, Kind.WS), "reject", user, reason)


# -- two people ------------------------------------------------------------------------------


def propose(user: User, number: int, what: str, reason: str) -> Proposal:
    """Propose to withdraw an advisory, or to lift an embargo before its time.

    Raises:
        Conflict: that cannot be done in its state, or is proposed already.
    """
    require(user, Action.WITHDRAW if what == Proposal.Act.WITHDRAW else Action.ISSUE_WS)
    _reasoned(reason)
    with transaction.atomic():
        advisory = _locked(number)
        check(advisory, what)
        if Proposal.objects.filter(advisory=advisory, act=what, state="open").exists():
            raise Conflict(f"this is proposed already for {numbers.bare(advisory)}")
        row = Proposal.objects.create(advisory=advisory, act=what, reason=reason, proposer=user)
        record(user, act(advisory, f"propose-{what}", advisory.state, reason))
        return row


def approve_proposal(user: User, number: int, emergency: str = "") -> Advisory:
    """Do what somebody else proposed.

    Args:
        user: who agrees.
        number: of the proposal.
        emergency: why a lead does alone what they proposed; the rows say so for ever.

    Raises:
        Conflict: it is not open any more.
        Refused: the proposer asks, and two people are needed.
    """
    require(user, Action.APPROVE_CASE)
    with transaction.atomic():
        hold_alone()
        row = _open_proposal(number)
        waiver = second_person(row.proposer_id, user, emergency)
        row.state, row.approver = Proposal.State.APPROVED, user
        row.four_eyes_waived, row.emergency = waiver.four_eyes, waiver.emergency
        row.save(update_fields=["state", "approver", "four_eyes_waived", "emergency"])
        if waiver.emergency:
            record(user, act(row.advisory, "break-glass", row.advisory.state, emergency))
        if row.act == Proposal.Act.WITHDRAW:
            return withdraw(row.advisory, row.reason, row.proposer, user, emergency)
        return transition(
            _locked(row.advisory_id), "lift-embargo", user, row.reason, embargo_until=None
        )


def refuse_proposal(user: User, number: int, reason: str) -> Proposal:
    """Say no to what somebody proposed.

    Raises:
        Conflict: it is not open any more.
    """
    require(user, Action.APPROVE_CASE)
    _reasoned(reason)
    with transaction.atomic():
        row = _open_proposal(number)
        row.state = Proposal.State.REFUSED
        row.save(update_fields=["state"])
        record(user, act(row.advisory, f"refuse-{row.act}", row.advisory.state, reason))
        return row


def withdraw(
    advisory: Advisory, reason: str, by: User, second: User, emergency: str = ""
) -> Advisory:
    """Withdraw an advisory: the only change ever to an MSC.

    Args:
        advisory: which.
        reason: why it does not hold; published.
        by: who proposed it.
        second: who agrees, somebody else.
        emergency: why it cannot wait for somebody else.

    Raises:
        PermissionDenied: one of them may not.
        Refused: they are one person, and two are needed.
        Conflict: it is not in force.
    """
    require(by, Action.WITHDRAW)
    require(second, Action.APPROVE_CASE)
    _reasoned(reason)
    waiver = second_person(by.pk, second, emergency)
    with transaction.atomic():
        hold_alone()
        advisory = _locked(advisory.pk)
        check(advisory, "withdraw")
        Withdrawal.objects.create(
            advisory=advisory,
            reason=reason,
            proposer=by,
            approver=second,
            four_eyes_waived=waiver.four_eyes,
            at=timezone.now(),
        )
        advisory = transition(advisory, "withdraw", second, reason)
        revisions.refresh_model(advisory.model, f"{numbers.bare(advisory)} withdrawn")
        return advisory


# -- parts ------------------------------------------------------------------------------------


def _revised(
    user: User, number: int, step: str, content: dict[str, Any], reason: str, **columns: Any
) -> Advisory:
    with transaction.atomic():
        hold_alone()
        now = _current(number, step)
        advisory = _locked(number, Kind.WS)
        content = {"revision": now.revision + 1, **content}
        revisions.write(advisory, _merged(now, content), user)
        advisory = transition(advisory, step, user, reason, **columns)
        revisions.refresh_model(advisory.model, numbers.bare(advisory))
        return advisory


def _current(number: int, step: str) -> AdvisoryContent:
    advisory = _locked(number, Kind.WS)
    check(advisory, step)
    content = revisions.latest(advisory)
    assert content is not None
    return content


def _merged(content: AdvisoryContent, changes: dict[str, Any]) -> AdvisoryContent:
    """Return the content with changes; what says which record it is stays as it is."""
    fixed = {"kind", "id", "schema"}
    plain = dataclasses.asdict(content)
    plain |= {name: value for name, value in changes.items() if name not in fixed}
    try:
        return AdvisoryContent.from_plain(plain)
    except ValueError as error:
        raise Refused(str(error)) from error


def _locked(number: int, kind: str = "") -> Advisory:
    advisory = Advisory.objects.select_for_update().filter(pk=number).first()
    if advisory is None:
        raise NotFound("there is no such advisory")
    if kind and advisory.kind != kind:
        raise Refused(f"{numbers.bare(advisory)} is static; it can only be withdrawn")
    return advisory


def _open_proposal(number: int) -> Proposal:
    row = Proposal.objects.select_for_update(of=("self",)).filter(pk=number).first()
    if row is None:
        raise NotFound("there is no such proposal")
    if row.state != Proposal.State.OPEN:
        raise Conflict(f"this proposal is {row.state} already")
    return row


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise Refused("a reason is needed")


def _target(opening: Opening) -> Target:
    if opening.model is None:
        return targets.of_package(opening.package, tuple(opening.versions))
    known = opening.model.versions.order_by("pk")
    if opening.versions:
        known = known.filter(revision__in=opening.versions)
    named = tuple(opening.versions) or tuple(known.values_list("revision", flat=True))
    return dataclasses.replace(targets.of_model(opening.model), revisions=named)


def _kin(model: Model | None) -> tuple[Kin, ...]:
    if model is None:
        return ()
    return tuple(Kin(one.provider, one.name, one.relation) for one in derived_from(model))
