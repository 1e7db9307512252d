"""Working on cases: claiming, notes, questions, opening by hand, reports from outside.

Decisions are in `deciding`, joining and dividing in `shaping`, vouching in `vouching`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.advisories.targets import of_package
from weighbridge.platform.audit.canonical import canonical, sha256, storable
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.audit.services import Act, Actor, record
from weighbridge.platform.cases.manual import Manual, flags_for
from weighbridge.platform.cases.models import OPEN, Case, CaseState, Note, Report
from weighbridge.platform.cases.opening import Flag, Origin, Subject, case_of, open_cases
from weighbridge.platform.cases.ruling import hold_shared
from weighbridge.platform.cases.transitions import Change, locked, transition
from weighbridge.platform.catalog.models import Model, ModelVersion

CLAIM_HOURS = 24
_TEXT = 20_000


def claim(user: User, number: int, expected: int | None = None) -> Case:
    """Take a case from the queue, for a day unless something is done with it.

    Raises:
        PermissionDenied: they may not.
        NotFound: there is no such case.
        Conflict: it is not in the queue any more.
    """
    require(user, Action.CLAIM_CASE)
    with transaction.atomic():
        return _claimed(user, locked(number, expected))


def assign(lead: User, number: int, owner: User) -> Case:
    """Give a case to somebody, who is told of it.

    Raises:
        PermissionDenied: `lead` may not.
        Conflict: it is in analysis, proposed or decided.
        Refused: that person cannot work on cases.
    """
    require(lead, Action.ASSIGN_CASE)
    if not allowed(owner, Action.CLAIM_CASE):
        raise Refused(f"{owner.get_username()} may not work on cases")
    with transaction.atomic():
        columns = {"owner": owner, "claimed_at": timezone.now(), "claim_expires_at": _expiry()}
        data = {"owner": owner.pk, "owner_name": owner.get_username()}
        return transition(locked(number), "assign", lead, Change(columns, data=data))


def claim_next(user: User) -> Case | None:
    """Take the first case of the queue; two people never get the same. None when it is empty."""
    require(user, Action.CLAIM_CASE)
    with transaction.atomic():
        waiting = Case.objects.filter(state=CaseState.QUEUED, awaiting_until__isnull=True)
        case = (
            waiting.select_for_update(skip_locked=True)
            .order_by("rank", "-popularity", "opened_at", "pk")
            .first()
        )
        return None if case is None else _claimed(user, case)


def _claimed(user: User, case: Case) -> Case:
    columns = {"owner": user, "claimed_at": timezone.now(), "claim_expires_at": _expiry()}
    return transition(case, "claim", user, Change(columns))


def release(user: User, number: int, reason: str = "") -> Case:
    """Put a case back into the queue: its owner, or a lead for somebody who is away.

    Raises:
        Conflict: it is not claimed.
        Refused: it is somebody else's.
    """
    require(user, Action.CLAIM_CASE)
    with transaction.atomic():
        case = locked(number)
        if case.owner_id not in (None, user.pk) and not allowed(user, Action.READ_AUDIT):
            raise Refused(f"case {number} is somebody else's; its owner or a lead can release it")
        return transition(case, "release", user, Change(reason=reason))


def expire() -> int:
    """Put cases back whose claim is over, and those whose answer did not come in time.

    Returns:
        How many claims ended.
    """
    now = timezone.now()
    over = Case.objects.filter(claim_expires_at__lt=now, state__in=OPEN).exclude(
        state=CaseState.PROPOSED
    )
    count = sum(_expired(number) for number in over.values_list("pk", flat=True))
    late = Case.objects.filter(state=CaseState.QUEUED, awaiting_until__lt=now)
    for number in late.values_list("pk", flat=True):
        with transaction.atomic():
            case = locked(number)
            if case.awaiting_until is not None and case.state == CaseState.QUEUED:
                transition(
                    case, "answer", "clock", Change({"awaiting_until": None}, "no answer came")
                )
    return count


@transaction.atomic
def _expired(number: int) -> bool:
    case = locked(number)
    over = case.claim_expires_at is not None and case.claim_expires_at < timezone.now()
    if over and case.state in (CaseState.CLAIMED, CaseState.IN_ANALYSIS):
        transition(case, "expire", "clock", Change(reason="the claim was over"))
        return True
    return False


def start(user: User, number: int) -> Case:
    """Begin the analysis of a claimed case.

    Raises:
        Conflict: it is not claimed.
        Refused: it is somebody else's.
    """
    require(user, Action.CLAIM_CASE)
    with transaction.atomic():
        return transition(locked(number), "start", user, Change({"claim_expires_at": _expiry()}))


def note(user: User, number: int, text: str) -> Note:
    """Write a note on a case, in any state. Notes are never edited.

    Raises:
        NotFound: there is no such case.
        Refused: it is empty or too long.
    """
    require(user, Action.DECIDE_CASE)
    text = _text(text)
    with transaction.atomic():
        case = locked(number)
        row = Note.objects.create(case=case, author=user, text=text)
        if case.owner_id == user.pk and case.claim_expires_at is not None:
            Case.objects.filter(pk=case.pk).update(claim_expires_at=_expiry())
        record(user, _act(case, "case-note", text))
        return row


def needs_info(user: User, number: int, question: str, until: datetime | None = None) -> Case:
    """Put a case back into the queue with a question; it returns on an answer or on its date.

    Raises:
        Conflict: it is not in analysis.
        Refused: it is somebody else's, or no question is asked.
    """
    require(user, Action.DECIDE_CASE)
    question = _text(question)
    until = until or timezone.now() + timedelta(days=7)
    with transaction.atomic():
        change = Change({"question": question, "awaiting_until": until}, question)
        return transition(locked(number), "needs-info", user, change)


def answer(user: User, number: int, text: str) -> Case:
    """Answer the question of a case, which puts it in its place in the queue.

    Raises:
        Conflict: it is not in the queue.
        Refused: it asks nothing.
    """
    require(user, Action.DECIDE_CASE)
    text = _text(text)
    with transaction.atomic():
        case = locked(number)
        if case.awaiting_until is None:
            raise Refused(f"case {number} asks nothing")
        Note.objects.create(case=case, author=user, text=text)
        return transition(case, "answer", user, Change({"awaiting_until": None}, text))


def open_by_hand(user: User, manual: Manual) -> Case:
    """Open a case without the Defender, or join the one that is open about the same behaviour.

    Args:
        user: who opens it.
        manual: what about; with a behaviour of a report's finding it is that finding's case.

    Raises:
        PermissionDenied: they may not.
        Refused: it says nothing, or about nothing.
    """
    require(user, Action.OPEN_CASE)
    reason = _text(manual.reason)
    if bool(manual.package) == (manual.version is not None or manual.artifact is not None):
        raise Refused("a case is about a model version or an artifact, or about a package")
    if manual.package:
        of_package(manual.package, manual.versions)
    with transaction.atomic():
        hold_shared()
        flags = flags_for(manual)
        case, fresh = case_of(flags[0], Origin("manual"))
        if fresh and manual.version is not None:
            _about(case, manual.version)
        if fresh and manual.package:
            case.package, case.restricted = manual.package, False
            case.package_versions = list(manual.versions)
            case.save(update_fields=["package", "package_versions", "restricted"])
        if manual.artifact is not None:
            open_cases(Subject(manual.artifact), flags, Origin("manual"))
        case.refresh_from_db()
        if not fresh and case.state == CaseState.DECIDED:
            raise Refused(f"case {case.pk} about this is decided; reopen it")
        Note.objects.create(case=case, author=user, text=reason)
        record(user, _act(case, "case-open" if fresh else "case-note", reason))
        return case


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody outside says.

    Attributes:
        kind: malicious, weakness, appeal or other.
        target: the model as they name it; kept as it is.
    """

    kind: str
    target: str
    text: str
    contact: str = ""
    model: Model | None = None
    case: Case | None = None


def report(told: Told, reporter: User | None = None) -> Report:
    """Keep a report from outside; it joins the case about its model or opens one.

    Anybody may report; the web layer limits how often. An appeal of a model's owner is a report on
    the case and changes nothing by itself.

    Raises:
        Refused: it says nothing, or too much.
    """
    text = _text(told.text)
    actor: Actor = reporter or "reporter"
    with transaction.atomic():
        hold_shared()
        case, fresh = _case_told_of(told)
        row = Report.objects.create(
            kind=told.kind,
            target=storable(told.target, 600),
            model=told.model,
            case=case,
            text=text,
            contact=storable(told.contact, 300),
            reporter=reporter,
        )
        action = "case-open" if fresh else f"case-report-{told.kind}"
        record(actor, _act(case, action, f"report {row.pk}"))
        return row


def _case_told_of(told: Told) -> tuple[Case, bool]:
    if told.case is not None:
        return told.case, False
    version = None
    if told.model is not None:
        artifacts = Case.objects.filter(
            occurrences__artifact__files__version__model=told.model, state__in=OPEN
        )
        known = artifacts.order_by("rank", "pk").first()
        if known is not None:
            return known, False
        version = told.model.versions.order_by("-pk").first()
    key = sha256(canonical(["report", told.model.pk if told.model else told.target]))[:32]
    flag = Flag(
        behaviour=key,
        family=sha256("report")[:32],
        rule="report",
        kind="suspicious" if told.kind == "malicious" else "weakness",
        title=f"Reported: {told.target}",
    )
    case, fresh = case_of(flag, Origin("report"))
    if fresh and version is not None:
        _about(case, version)
    return case, fresh


def _about(case: Case, version: ModelVersion) -> None:
    case.subject = version
    case.popularity = max(case.popularity, version.model.downloads)
    case.restricted = version.model.restricted
    case.save(update_fields=["subject", "popularity", "restricted"])


def _text(text: str) -> str:
    text = storable(text.strip())
    if not text:
        raise Refused("some text is needed")
    if len(text) > _TEXT:
        raise Refused(f"the text is longer than {_TEXT} characters")
    return text


def _act(case: Case, action: str, reason: str) -> Act:
    return Act(
        action=action,
        object_kind="case",
        object_id=case.pk,
        case=case.pk,
        before=case.state,
        after=case.state,
        reason=reason,
    )


def _expiry() -> datetime:
    hours = int(getattr(settings, "WEIGHBRIDGE_CLAIM_HOURS", CLAIM_HOURS))
    return timezone.now() + timedelta(hours=hours)
