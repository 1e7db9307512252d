"""Which steps of the history are told to the outside, and under what name.

The history is the outbox: it is written in the transaction of what happened, in one order, so
nothing is told that did not happen and nothing that happened is left out.
"""

from __future__ import annotations

from enum import StrEnum

from weighbridge.platform.audit.models import Event


class Kind(StrEnum):
    """What a webhook can ask to be told."""

    ISSUED = "advisory.issued"
    PUBLISHED = "advisory.published"
    REVISED = "advisory.revised"
    SUPERSEDED = "advisory.superseded"
    WITHDRAWN = "advisory.withdrawn"
    CASE_OPENED = "case.opened"
    CASE_ASSIGNED = "case.assigned"
    APPROVAL_WANTED = "approval.wanted"
    CASE_DECIDED = "case.decided"
    INVENTORY_CHANGED = "inventory.changed"
    TEST = "test"


_STEPS = {
    "issue": Kind.ISSUED,
    "publish": Kind.PUBLISHED,
    "revise": Kind.REVISED,
    "unsupersede": Kind.REVISED,
    "supersede": Kind.SUPERSEDED,
    "withdraw": Kind.WITHDRAWN,
    "propose-withdraw": Kind.APPROVAL_WANTED,
    "propose-lift-embargo": Kind.APPROVAL_WANTED,
}


_CASES = {
    "case-open": Kind.CASE_OPENED,
    "case-assign": Kind.CASE_ASSIGNED,
    "case-propose": Kind.APPROVAL_WANTED,
}


def kind_of(event: Event) -> Kind | None:
    """Return what an event is called outside, None when it is nobody else's business."""
    if event.object_kind == "advisory":
        return _STEPS.get(event.action.partition("-")[2])
    if event.object_kind == "inventory":
        return Kind.INVENTORY_CHANGED if event.action == "inventory-change" else None
    if event.object_kind != "case":
        return None
    if event.action in _CASES:
        return _CASES[event.action]
    return Kind.CASE_DECIDED if event.after == "decided" != event.before else None
