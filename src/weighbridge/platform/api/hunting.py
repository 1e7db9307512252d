"""Hunts through stored facts, and symbols that researchers vouch for."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.api.access import AUTHENTICATED, actor
from weighbridge.platform.api.advisories import Emergency, Reason
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.cases import selectors as cases
from weighbridge.platform.cases import vouching
from weighbridge.platform.cases.models import Vouch
from weighbridge.platform.scans import hunts, selectors
from weighbridge.platform.scans.models import Hunt

router = Router(tags=["hunts"], auth=AUTHENTICATED)


class HuntIn(Schema):
    """A question to everything ever scanned."""

    kind: Literal["import", "callee", "operator", "string", "rules"]
    text: str = Field("", max_length=300)
    open_cases: bool = True


class VouchIn(Schema):
    """A symbol that is ordinary in models."""

    module: str = Field(..., min_length=1, max_length=200)
    name: str = Field(..., min_length=1, max_length=100)
    scope: Literal["rebuild", "any"]
    reason: str = Field(..., min_length=1, max_length=4000)


def hunt_shown(row: Hunt) -> dict[str, Any]:
    """Return a hunt as plain data."""
    names = (
        "kind text state error total examined hits cases_opened rules created_at finished_at"
    ).split()
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def vouch_shown(row: Vouch) -> dict[str, Any]:
    """Return a vouch as plain data."""
    names = (
        "module name scope reason state four_eyes_waived emergency created_at decided_at".split()
    )
    shown = {"id": row.pk, **{name: getattr(row, name) for name in names}}
    approver = row.approver.get_username() if row.approver else None
    return {**shown, "proposer": row.proposer.get_username(), "approver": approver}


@router.get("/hunts", summary="List hunts")
def listed(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List hunts, newest first."""
    return page(selectors.hunts(actor(request, Action.HUNT)), query, ("-id",), hunt_shown)


@router.post("/hunts", response={201: Any}, summary="Hunt")
def create(request: HttpRequest, body: HuntIn) -> Status[Any]:
    """Ask for an import, a callee, an operator or a text, or judge everything by today's rules.

    Nothing is fetched or read again: a worker asks stored facts. Hits open cases.
    """
    user = actor(request, Action.HUNT)
    row = hunts.hunt(user, body.kind, body.text, open_cases=body.open_cases)
    return Status(201, hunt_shown(row))


@router.get("/hunts/{int:number}", summary="One hunt")
def one(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return a hunt."""
    row = selectors.hunts(actor(request, Action.HUNT)).filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no hunt {number}")
    return hunt_shown(row)


@router.get("/vouches", summary="List vouches")
def vouches(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List what is and was vouched for, newest first."""
    return page(cases.vouches(actor(request, Action.READ_QUEUE)), query, ("-id",), vouch_shown)


@router.post("/vouches", response={201: Any}, summary="Vouch for a symbol")
def vouch(request: HttpRequest, body: VouchIn) -> Status[Any]:
    """Propose that a symbol is ordinary; a second person confirms."""
    user = actor(request, Action.VOUCH)
    row = vouching.propose(user, body.module, body.name, body.scope, body.reason)
    return Status(201, vouch_shown(row))


@router.post("/vouches/{int:number}/approve", summary="Confirm a vouch")
def approve(request: HttpRequest, number: int, body: Emergency | None = None) -> dict[str, Any]:
    """Confirm a vouch, which is applied to everything ever scanned.

    In an emergency a lead confirms alone what they proposed.
    """
    why = body.emergency if body else ""
    user = actor(request, Action.BREAK_GLASS if why else Action.VOUCH)
    row, outcome = vouching.approve(user, number, why)
    return {**vouch_shown(row), "examined": outcome.examined, "changed": outcome.hits}


@router.post("/vouches/{int:number}/refuse", summary="Refuse a vouch")
def refuse(request: HttpRequest, number: int, body: Reason) -> dict[str, Any]:
    """Say no to a vouch."""
    return vouch_shown(vouching.refuse(actor(request, Action.VOUCH), number, body.reason))


@router.post("/vouches/{int:number}/revoke", summary="Take a vouch back")
def revoke(request: HttpRequest, number: int, body: Reason) -> dict[str, Any]:
    """Take a vouch back, which is applied to everything ever scanned."""
    row, outcome = vouching.revoke(actor(request, Action.VOUCH), number, body.reason)
    return {**vouch_shown(row), "examined": outcome.examined, "changed": outcome.hits}
