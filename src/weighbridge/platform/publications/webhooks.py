"""The outbox: from the history to messages, and each message tried until it is accepted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.errors import NotFound, Refused
from weighbridge.platform.audit.models import Event
from weighbridge.platform.audit.services import Act, record
from weighbridge.platform.publications import sending
from weighbridge.platform.publications.events import Kind, kind_of
from weighbridge.platform.publications.models import Attempt, Cursor, Delivery, Webhook

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
_AT_ONCE = 500
_IN_FLIGHT = timedelta(minutes=2)


@transaction.atomic
def create(actor: User, url: str, kinds: Iterable[str]) -> Webhook:
    """Make a webhook; its secret is shown to whoever makes it.

    Raises:
        PermissionDenied: `actor` may not.
        Refused: the address is none that messages may go to, or a kind does not exist.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    try:
        sending.check(url)
        words = sorted({Kind(kind).value for kind in kinds})
    except ValueError as error:
        raise Refused(str(error)) from error
    if len(url) > 500 or not words:
        raise Refused("the address is too long" if words else "say what is to be told")
    _begin()
    hook = Webhook.objects.create(
        url=url, secret=secrets.token_urlsafe(32), kinds=" ".join(words), created_by=actor
    )
    record(actor, Act("webhook-created", "webhook", hook.pk, data={"kinds": words}))
    return hook


@transaction.atomic
def switch(actor: User, hook_id: int, active: bool) -> None:
    """Switch a webhook on or off.

    Raises:
        NotFound: there is none.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    if not Webhook.objects.filter(pk=hook_id).update(active=active):
        raise NotFound(f"there is no webhook {hook_id}")
    record(actor, Act("webhook-switched", "webhook", hook_id, after="on" if active else "off"))


def test(actor: User, hook_id: int) -> sending.Outcome:
    """Send a test message now and return how it went.

    Raises:
        NotFound: there is no such webhook.
    """
    require(actor, Action.MANAGE_WEBHOOKS)
    hook = Webhook.objects.filter(pk=hook_id).first()
    if hook is None:
        raise NotFound(f"there is no webhook {hook_id}")
    delivery = Delivery.objects.create(
        webhook=hook,
        kind=Kind.TEST.value,
        body=json.dumps({"event": Kind.TEST.value, "platform": settings.WEIGHBRIDGE_URL}),
        next_at=timezone.now() + _IN_FLIGHT,
    )
    return _try(delivery)


def work() -> int:
    """Turn what happened into messages and send those that are due; returns how many were tried.

    Any number of processes may call this at once: an event becomes one message per webhook, and a
    message is taken by one process.
    """
    fill()
    tried = 0
    while (delivery := _take()) is not None and tried < _AT_ONCE:
        _try(delivery)
        tried += 1
    return tried


@transaction.atomic
def fill() -> int:
    """Turn the events since the last time into messages; returns how many."""
    if not Cursor.objects.exists():
        return 0
    cursor = Cursor.objects.select_for_update().get(pk=1)
    events = list(Event.objects.filter(seq__gt=cursor.seq).order_by("seq")[:_AT_ONCE])
    if not events:
        return 0
    hooks = list(Webhook.objects.filter(active=True))
    made = [
        Delivery(webhook=hook, event=event.seq, kind=kind, body=_body(event, kind), next_at=_now())
        for event in events
        if (kind := kind_of(event)) is not None
        for hook in hooks
        if kind.value in hook.kinds.split()
    ]
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    Cursor.objects.filter(pk=1).update(seq=events[-1].seq)
    return len(made)


def _begin() -> None:
    """With the first webhook, begin to tell what happens from now on."""
    last = Event.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    Cursor.objects.get_or_create(pk=1, defaults={"seq": last})


def _body(event: Event, kind: Kind) -> str:
    about: dict[str, Any] = {event.object_kind: event.object_id}
    if event.object_kind == "advisory":
        about["url"] = f"{settings.WEIGHBRIDGE_URL}/advisories/{event.object_id}"
    if kind is Kind.INVENTORY_CHANGED:
        about |= event.data
    body = {"event": kind.value, "seq": event.seq, "at": event.at, "state": event.after, **about}
    return json.dumps(body)


def _take() -> Delivery | None:
    """Return a message that is due, taken so that no other process sends it meanwhile."""
    due = Delivery.objects.filter(
        state=Delivery.State.PENDING, next_at__lte=_now(), webhook__active=True
    ).order_by("next_at", "pk")
    for number, moment in due.values_list("pk", "next_at")[:10]:
        mine = Delivery.objects.filter(pk=number, state=Delivery.State.PENDING, next_at=moment)
        if mine.update(next_at=_now() + _IN_FLIGHT):
            return Delivery.objects.select_related("webhook").get(pk=number)
    return None


def _try(delivery: Delivery) -> sending.Outcome:
    hook = delivery.webhook
    outcome = sending.send(hook.url, hook.secret, delivery.kind, delivery.body.encode())
    with transaction.atomic():
        Attempt.objects.create(
            delivery=delivery,
            at=_now(),
            address=outcome.address,
            status=outcome.status,
            error=outcome.error,
            milliseconds=outcome.milliseconds,
        )
        delivery.attempts += 1
        if not outcome.error:
            delivery.state = Delivery.State.DELIVERED
        elif delivery.attempts > len(BACKOFF) or delivery.event is None:
            delivery.state = Delivery.State.FAILED
        else:
            delivery.next_at = _now() + BACKOFF[delivery.attempts - 1]
        delivery.save(update_fields=["attempts", "state", "next_at"])
    return outcome


def _now() -> datetime:
    return timezone.now()
