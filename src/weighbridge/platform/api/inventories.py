"""Inventories: lists of models and packages, and which advisories and CVEs touch them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.api.access import AUTHENTICATED, actor
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.inventories import services
from weighbridge.platform.inventories.models import Inventory, Item

router = Router(tags=["inventories"], auth=AUTHENTICATED)


class InventoryIn(Schema):
    """A new inventory; items have the form of queries of OSV."""

    name: str
    items: list[dict[str, Any]] = []


class ItemsIn(Schema):
    """What is to stand in an inventory."""

    items: list[dict[str, Any]]


def shown(inventory: Inventory) -> dict[str, Any]:
    """Return an inventory without its items."""
    return {
        "id": inventory.pk,
        "name": inventory.name,
        "items": inventory.items.count(),
        "touched": inventory.items.filter(touches__until__isnull=True, touches__isnull=False)
        .distinct()
        .count(),
        "checked_at": inventory.checked_at,
    }


@router.get("/inventories", summary="List your inventories")
def listed(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List your inventories, newest first."""
    rows = Inventory.objects.filter(owner=actor(request, Action.LOOK_UP))
    return page(rows, query, ("-id",), shown)


@router.post("/inventories", response={201: Any}, summary="Make an inventory")
def make(request: HttpRequest, body: InventoryIn) -> Status[Any]:
    """Make an inventory and look everything in it up."""
    user = actor(request, Action.REQUEST_SCAN)
    return Status(201, shown(services.create(user, body.name, body.items)))


@router.get("/inventories/{int:number}", summary="What touches an inventory")
def one(request: HttpRequest, number: int, query: Query[Paging]) -> dict[str, Any]:
    """Return a page of items, each with the ids of the records that are about it."""
    inventory = services.get(actor(request, Action.LOOK_UP), number)
    rows = Item.objects.filter(inventory=inventory).prefetch_related("touches")
    return {**shown(inventory), "found": page(rows, query, ("id",), _item)}


@router.put("/inventories/{int:number}", summary="Put other items into an inventory")
def replace(request: HttpRequest, number: int, body: ItemsIn) -> dict[str, Any]:
    """Replace the items and look them up."""
    user = actor(request, Action.REQUEST_SCAN)
    return shown(services.replace(user, number, body.items))


@router.put("/inventories/{int:number}/bom", summary="Fill an inventory from a bill of materials")
def from_bom(request: HttpRequest, number: int) -> dict[str, Any]:
    """Replace the items by what a CycloneDX document in the body names."""
    user = actor(request, Action.REQUEST_SCAN)
    try:
        data = request.body
    except RequestDataTooBig:
        raise Refused("the bill of materials is too large to be sent") from None
    return shown(services.replace_from_bom(user, number, data))


@router.post("/inventories/{int:number}/check", summary="Look an inventory up now")
def check(request: HttpRequest, number: int) -> dict[str, Any]:
    """Look everything up; return which records came and which went since the last time."""
    inventory = services.get(actor(request, Action.REQUEST_SCAN), number)
    added, gone = services.check(inventory)
    return {"added": added, "gone": gone}


@router.delete("/inventories/{int:number}", response={204: None}, summary="Forget an inventory")
def remove(request: HttpRequest, number: int) -> Status[Any]:
    """Forget an inventory."""
    services.remove(actor(request, Action.REQUEST_SCAN), number)
    return Status(204, None)


def _item(item: Item) -> dict[str, Any]:
    touches = sorted(item.touches.all(), key=lambda touch: touch.identifier)
    return {
        "label": item.label,
        "query": item.query,
        "touched_by": [
            {"id": touch.identifier, "since": touch.since}
            for touch in touches
            if touch.until is None
        ],
    }
