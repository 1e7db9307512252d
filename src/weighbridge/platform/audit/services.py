"""Appending to the history; the one way in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from weighbridge.platform.accounts.models import User
from weighbridge.platform.audit.canonical import canonical, storable
from weighbridge.platform.audit.chain import digest
from weighbridge.platform.audit.context import request_id
from weighbridge.platform.audit.models import SCHEMA_VERSION, Event, Head

Actor = User | str
"""A person, or the name of a part of the system such as ``defender``."""
SYSTEM_ROLE = "system"


@dataclass(frozen=True, slots=True)
class Act:
    """What was done to what.

    Attributes:
        before: the state before, if states changed.
        after: the state after.
        data: plain data that belongs to the act; bounded by whoever gives it.
        rules_version: of whatever judged, for automatic acts.
    """

    action: str
    object_kind: str
    object_id: str | int
    case: int | None = None
    before: str = ""
    after: str = ""
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    rules_version: str = ""


def record(actor: Actor, act: Act) -> Event:
    """Append one event in the caller's transaction.

    Call it after every other row of the transaction is locked: the head is the last lock that
    anybody takes, so writers wait for each other and never in a circle.

    Raises:
        TransactionManagementError: there is no transaction to be part of.
    """
    return record_all(actor, [act])[0]


def record_all(actor: Actor, acts: Sequence[Act]) -> list[Event]:
    """Append several events of one actor at once; see `record`."""
    if not acts:
        return []
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event is part of a transaction")
    head = _locked(len(acts))
    events = []
    for number, act in enumerate(acts, start=head.seq - len(acts) + 1):
        event = _event(actor, act, number, head.hash)
        event.hash = head.hash = digest(event)
        events.append(event)
    Event.objects.bulk_create(events)
    Head.objects.filter(pk=1).update(hash=head.hash)
    return events


def _locked(count: int) -> Head:
    """Advance the head by `count`; its row stays locked until the transaction ends.

    The update comes first: it takes the lock on PostgreSQL, and on SQLite it makes the transaction
    a writing one before anything is read.
    """
    if not Head.objects.filter(pk=1).update(seq=F("seq") + count):
        Head.objects.bulk_create([Head()], ignore_conflicts=True)
        Head.objects.filter(pk=1).update(seq=F("seq") + count)
    return Head.objects.get(pk=1)


def _event(actor: Actor, act: Act, seq: int, prev_hash: str) -> Event:
    person = None if isinstance(actor, str) else actor
    return Event(
        seq=seq,
        schema=SCHEMA_VERSION,
        at=datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        actor_id=None if person is None else person.pk,
        actor=storable(actor if isinstance(actor, str) else actor.get_username(), 150),
        role=SYSTEM_ROLE if person is None else person.role,
        action=act.action,
        object_kind=act.object_kind,
        object_id=storable(str(act.object_id), 100),
        case_number=act.case,
        before=act.before,
        after=act.after,
        reason=storable(act.reason),
        data=_plain(act.data),
        request_id=storable(request_id.get(), 64),
        rules_version=storable(act.rules_version, 100),
        prev_hash=prev_hash,
    )


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data as it will be read again, so that its hash is the same then."""
    plain: dict[str, Any] = json.loads(canonical(data))
    return plain
