"""From the history to notices, and from notices to e-mail.

Like webhooks, notices are made from the history after the fact: what was rolled back is not told,
and what happened is told once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import MATRIX, Action
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import parsed
from weighbridge.platform.audit.models import Event
from weighbridge.platform.cases.models import Case
from weighbridge.platform.notices.models import Cursor, Follow, Kind, Notice, Preference, Rhythm
from weighbridge.platform.notices.selectors import preference
from weighbridge.platform.publications.events import Kind as Told
from weighbridge.platform.publications.events import kind_of
from weighbridge.text.escaping import visible

_AT_ONCE = 500
_IN_ONE = 50
_DAY = timedelta(days=1)
_IN_FLIGHT = timedelta(minutes=5)
_PATIENCE = timedelta(minutes=15)
_NEWS = {
    Told.ISSUED: "was issued",
    Told.PUBLISHED: "was published",
    Told.REVISED: "was revised",
    Told.SUPERSEDED: "has its CVE",
    Told.WITHDRAWN: "was withdrawn",
}
log = logging.getLogger(__name__)


def work() -> int:
    """Make notices of what happened and send what is due; returns how many messages were sent."""
    fill()
    return mail()


@transaction.atomic
def fill() -> int:
    """Turn the events since the last time into notices; returns how many were made.

    The first time nothing is told: what happened before is no news.
    """
    last = Event.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    Cursor.objects.get_or_create(pk=1, defaults={"seq": last})
    cursor = Cursor.objects.select_for_update().get(pk=1)
    events = list(Event.objects.filter(seq__gt=cursor.seq).order_by("seq")[:_AT_ONCE])
    if not events:
        return 0
    made = [notice for event in events for notice in _notices(event)]
    Notice.objects.bulk_create(made, ignore_conflicts=True)
    Cursor.objects.filter(pk=1).update(seq=events[-1].seq)
    return len(made)


def _notices(event: Event) -> Iterator[Notice]:
    told = kind_of(event)
    if told is Told.CASE_ASSIGNED:
        yield from _assigned(event)
    elif told is Told.APPROVAL_WANTED:
        yield from _approval(event)
    elif told in _NEWS:
        yield from _news(event, _NEWS[told])


def _assigned(event: Event) -> Iterator[Notice]:
    owner = event.data.get("owner")
    if owner != event.actor_id and User.objects.filter(pk=owner, is_active=True).exists():
        text = f"{event.actor} gave you case {event.object_id}{_about(event)}"
        yield _notice(owner, event, Kind.ASSIGNED, text, f"/cases/{event.object_id}")


def _approval(event: Event) -> Iterator[Notice]:
    """Everybody who could be the second person."""
    roles = [role.value for role, may in MATRIX.items() if Action.APPROVE_CASE in may]
    people = User.objects.filter(is_active=True, role__in=roles).exclude(pk=event.actor_id or 0)
    if event.object_kind == "case":
        what = event.data.get("decision", "a decision")
        text = f"{event.actor} proposes {what} for case {event.object_id}{_about(event)}"
        link = f"/cases/{event.object_id}"
    else:
        act = event.action.partition("-propose-")[2].replace("-", " ")
        text = f"{event.actor} proposes to {act}: {event.object_id}"
        link = f"/advisories/{event.object_id}"
    for number in people.values_list("pk", flat=True):
        yield _notice(number, event, Kind.APPROVAL, text, link)


def _news(event: Event, verb: str) -> Iterator[Notice]:
    """Whoever follows the model that an advisory is about."""
    named = parsed(event.object_id)
    if named is None:
        return
    kind, year, number = named
    row = Advisory.objects.filter(kind=kind, year=year, number=number).first()
    if row is None or row.model_id is None:
        return
    text = f"{event.object_id} {verb}. It is about {row.name}, which you follow"
    for follower in Follow.objects.filter(model_id=row.model_id, user__is_active=True):
        link = f"/advisories/{event.object_id}"
        yield _notice(follower.user_id, event, Kind.ADVISORY, text, link)


def _about(event: Event) -> str:
    title = Case.objects.filter(pk=event.case_number or 0).values_list("title", flat=True).first()
    return f": {title}" if title else ""


def _notice(user: int, event: Event, kind: Kind, text: str, link: str) -> Notice:
    return Notice(
        user_id=user, event=event.seq, kind=kind, text=visible(text, 400)[:500], link=link[:200]
    )


def mail() -> int:
    """Write to everybody for whom something waits and whose time has come."""
    if not settings.WEIGHBRIDGE_MAIL:
        return 0
    now = timezone.now()
    waiting = Notice.objects.filter(mailed_at=None, read_at=None).exclude(user__email="")
    people = User.objects.filter(pk__in=waiting.values("user"), is_active=True).filter(
        Q(notice_preference=None) | ~Q(notice_preference__rhythm=Rhythm.NEVER)
    )
    sent = 0
    for person in people[:_AT_ONCE]:
        chosen = preference(person)
        if chosen.next_at is not None and chosen.next_at > now:
            continue
        if _taken(chosen, now):
            sent += _write(
                person, chosen, list(waiting.filter(user=person).order_by("pk")[:_IN_ONE])
            )
    return sent


def _taken(chosen: Preference, now: datetime) -> bool:
    """Take a person so that no other process writes to them meanwhile."""
    mine = Preference.objects.filter(pk=chosen.pk, next_at=chosen.next_at)
    return bool(mine.update(next_at=now + _IN_FLIGHT))


def _write(person: User, chosen: Preference, notices: Sequence[Notice]) -> bool:
    numbers = [notice.pk for notice in notices]
    try:
        message(person, chosen, notices).send()
    except (OSError, SMTPException) as error:
        log.warning("no e-mail to user %s: %s", person.pk, error)
        later = timezone.now() + _PATIENCE * 2 ** min(chosen.failures, 7)
        failed = Preference.objects.filter(pk=chosen.pk)
        failed.update(next_at=later, failures=min(chosen.failures + 1, 100))
        return False
    now = timezone.now()
    Notice.objects.filter(pk__in=numbers).update(mailed_at=now)
    again = now + _DAY if chosen.rhythm == Rhythm.DAILY else None
    Preference.objects.filter(pk=chosen.pk).update(next_at=again, failures=0)
    return True


def message(person: User, chosen: Preference, notices: Sequence[Notice]) -> EmailMessage:
    """Return the message: plain text, every hidden character an escape, with the way out."""
    base = settings.WEIGHBRIDGE_URL
    out = f"{base}/unsubscribe/{chosen.secret}"
    lines = [f"{visible(one.text)}\n{base}{one.link}\n" for one in notices]
    first = visible(notices[0].text, 120)
    subject = first if len(notices) == 1 else f"{len(notices)} notices, the first: {first}"
    return EmailMessage(
        subject=f"[{settings.WEIGHBRIDGE_ISSUER}] {subject}",
        body="\n".join([*lines, f"No more of these: {out}\n"]),
        to=[person.email],
        # RFC 8058: mail programs offer one click to leave.
        headers={
            "List-Unsubscribe": f"<{out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
