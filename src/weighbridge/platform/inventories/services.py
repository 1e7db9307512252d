"""Keeping inventories, and noticing what becomes known about them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from weighbridge.libraries.store import StoreError, usual_place
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.errors import NotFound, Refused
from weighbridge.platform.audit.services import Act, record
from weighbridge.platform.inventories.items import checked, of_bom
from weighbridge.platform.inventories.models import Inventory, Item, Touch
from weighbridge.platform.publications import osv_answers
from weighbridge.platform.publications.dumps import dump
from weighbridge.platform.publications.osv_queries import MOST_QUERIES, parsed

_MOST_INVENTORIES = 100
_MOST_TOLD = 100
_AT_ONCE = 50
SYSTEM = "inventories"
log = logging.getLogger(__name__)


def create(user: User, name: str, listed: Iterable[object] = ()) -> Inventory:
    """Make an inventory.

    Raises:
        PermissionDenied: they may not.
        Refused: the name is taken, or an item asks for nothing.
    """
    require(user, Action.REQUEST_SCAN)
    name = name.strip()
    if not 0 < len(name) <= 200:
        raise Refused("an inventory has a name of at most 200 characters")
    with transaction.atomic():
        own = Inventory.objects.filter(owner=user)
        if own.filter(name=name).exists():
            raise Refused(f"you have an inventory {name} already")
        if own.count() >= _MOST_INVENTORIES:
            raise Refused(f"you have {_MOST_INVENTORIES} inventories already")
        inventory = Inventory.objects.create(owner=user, name=name)
        _fill(inventory, checked(listed))
    check(inventory)
    return inventory


def replace(user: User, number: int, listed: Iterable[object]) -> Inventory:
    """Put other items into an inventory.

    Raises:
        NotFound: they have none of this number.
        Refused: an item asks for nothing.
    """
    return _replaced(user, number, checked(listed))


def replace_from_bom(user: User, number: int, data: bytes) -> Inventory:
    """Put what a bill of materials names into an inventory, in place of what was there.

    Raises:
        NotFound: they have none of this number.
        Refused: it is no bill of materials.
    """
    return _replaced(user, number, of_bom(data))


def remove(user: User, number: int) -> None:
    """Forget an inventory.

    Raises:
        NotFound: they have none of this number.
    """
    get(user, number).delete()


def get(user: User, number: int) -> Inventory:
    """Return somebody's inventory.

    Raises:
        NotFound: they have none of this number.
    """
    found = Inventory.objects.filter(owner=user, pk=number).first()
    if found is None:
        raise NotFound(f"there is no inventory {number}")
    return found


def check_all() -> int:
    """Check the inventories that were checked at another state of knowledge; returns how many."""
    state = state_of_knowledge()
    waiting = list(Inventory.objects.exclude(state=state)[:_AT_ONCE])
    try:
        for inventory in waiting:
            check(inventory)
    except StoreError as error:
        log.error("inventories wait: %s", error)
        return 0
    return len(waiting)


def state_of_knowledge() -> str:
    """Return what changes whenever something is published or imported."""
    try:
        status = os.stat(usual_place())
        file = f"{status.st_ino}:{status.st_mtime_ns}"
    except OSError:
        file = ""
    return f"{file}|{dump().state}"[-300:]


def check(inventory: Inventory) -> tuple[list[str], list[str]]:
    """Look up everything in an inventory; returns which records came and which went.

    What changes after the first time is told to webhooks (`inventory.changed`) by the history.

    Raises:
        StoreError: the imported records cannot be read.
    """
    state = state_of_knowledge()
    items = list(inventory.items.order_by("pk"))
    found: dict[int, set[str]] = {}
    for start in range(0, len(items), MOST_QUERIES):
        part = items[start : start + MOST_QUERIES]
        answers = osv_answers.brief_pages(parsed(one.query) for one in part)
        for item, answer in zip(part, answers, strict=True):
            found[item.pk] = {one["id"] for one in answer.get("vulns", ())}
    now = datetime.now(UTC)
    with transaction.atomic():
        row = Inventory.objects.select_for_update().filter(pk=inventory.pk).first()
        if row is None:
            return [], []
        open_ = {
            (touch.item_id, touch.identifier): touch
            for touch in Touch.objects.filter(item__inventory=row, until__isnull=True)
        }
        known = {(number, name) for number, names in found.items() for name in names}
        added, gone = sorted(known - open_.keys()), sorted(open_.keys() - known)
        Touch.objects.bulk_create(
            Touch(item_id=number, identifier=name, since=now) for number, name in added
        )
        Touch.objects.filter(pk__in=[open_[key].pk for key in gone]).update(until=now)
        first = row.checked_at is None
        row.state, row.checked_at = state, now
        row.save(update_fields=["state", "checked_at"])
        came, went = _names(added), _names(gone)
        if (came or went) and not first:
            data: dict[str, Any] = {"added": came[:_MOST_TOLD], "gone": went[:_MOST_TOLD]}
            record(SYSTEM, Act("inventory-change", "inventory", row.pk, data=data))
    return came, went


def _names(keys: Iterable[tuple[int, str]]) -> list[str]:
    return sorted({name for _number, name in keys})


def _replaced(user: User, number: int, items: list[tuple[dict[str, Any], str]]) -> Inventory:
    require(user, Action.REQUEST_SCAN)
    inventory = get(user, number)
    with transaction.atomic():
        kept = {item.label: item for item in inventory.items.all()}
        wanted = {label for _query, label in items}
        inventory.items.filter(
            pk__in=[item.pk for label, item in kept.items() if label not in wanted]
        ).delete()
        _fill(inventory, [one for one in items if one[1] not in kept])
        # What stands in the list was changed by hand, which is no news about it.
        inventory.checked_at = None
        inventory.save(update_fields=["checked_at"])
    check(inventory)
    return inventory


def _fill(inventory: Inventory, items: list[tuple[dict[str, Any], str]]) -> None:
    Item.objects.bulk_create(
        (Item(inventory=inventory, query=query, label=label) for query, label in items),
        batch_size=1_000,
    )
