"""Advisories: open to everybody to read; WS and withdrawals for those who may."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict, StringConstraints

from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.advisories import services
from weighbridge.platform.advisories.content import AdvisoryContent
from weighbridge.platform.advisories.models import Advisory, Kind, Proposal
from weighbridge.platform.advisories.numbers import bare, osv, parsed
from weighbridge.platform.api.access import AUTHENTICATED, actor, count
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.catalog.selectors import models_visible_to
from weighbridge.platform.publications.osv import find, public, record, time

router = Router(tags=["advisories"])
Line = Annotated[str, StringConstraints(max_length=300)]
Text = Annotated[str, StringConstraints(max_length=20_000)]


class Reason(Schema):
    """Why something is done."""

    reason: str = Field(..., min_length=1, max_length=4000)


class Strict(Schema):
    """Plain data that has no other fields than these."""

    model_config = ConfigDict(extra="forbid")


class ReferenceIn(Strict):
    """Where more can be read."""

    type: Line
    url: Line


class CreditIn(Strict):
    """Who is thanked, for what."""

    name: Line
    type: Line


class MomentIn(Strict):
    """An entry of the timeline."""

    at: Line
    text: Line


class ContentIn(Strict):
    """What changes in a WS; what is left out stays as it is."""

    title: Line | None = None
    description: Text | None = None
    source: Line | None = None
    trigger: Line | None = None
    cwe: list[Line] | None = Field(None, max_length=20)
    atlas: list[Line] | None = Field(None, max_length=20)
    cvss: list[Line] | None = Field(None, max_length=2)
    references: list[ReferenceIn] | None = Field(None, max_length=50)
    credits: list[CreditIn] | None = Field(None, max_length=50)
    timeline: list[MomentIn] | None = Field(None, max_length=50)
    related: list[Line] | None = Field(None, max_length=50)
    upstream: list[Line] | None = Field(None, max_length=50)

    def changes(self) -> dict[str, Any]:
        """Return what was given."""
        return self.model_dump(exclude_none=True)


class RevisionIn(ContentIn):
    """A further revision of a published WS."""

    revision: int = Field(..., ge=2, le=10_000, description="the last one plus one")
    reason: str = Field(..., min_length=1, max_length=4000)


class OpeningIn(Strict):
    """A WS to be reserved: about one model, or one package on PyPI."""

    title: str = Field(..., min_length=1, max_length=120)
    description: Text = Field(..., min_length=1)
    model: int | None = None
    package: Line = ""
    versions: list[Line] = Field([], max_length=1000)
    source: Line = "manual-analysis"
    trigger: Line = ""
    embargo_until: datetime | None = None
    embargo_reason: Line = ""


class CveIn(Schema):
    """The CVE that is exactly this flaw."""

    cve: str = Field(..., max_length=30)


class ProposalIn(Reason):
    """What a second person is asked to agree to."""

    act: Literal["withdraw", "lift-embargo"] = "withdraw"


class AdvisoryFilter(Paging):
    """Which advisories to list."""

    kind: Kind | None = None
    state: Literal["published", "superseded", "issued", "withdrawn"] | None = None
    ecosystem: str = Field("", max_length=20)
    name: str = Field("", max_length=500)


def brief(advisory: Advisory) -> dict[str, Any]:
    """Return an advisory in a list."""
    return {
        "id": bare(advisory),
        "osv_id": osv(advisory),
        "kind": advisory.kind,
        "state": advisory.state,
        "ecosystem": advisory.ecosystem,
        "name": advisory.name,
        "purl": advisory.purl,
        "cve": advisory.cve or None,
        "case": advisory.case_id,
    }


def outside(advisory: Advisory) -> dict[str, Any]:
    """Return an advisory in a list for everybody: cases are nobody's business."""
    return {name: value for name, value in brief(advisory).items() if name != "case"}


@router.get("/advisories", auth=None, summary="List advisories")
def listed(request: HttpRequest, query: Query[AdvisoryFilter]) -> dict[str, Any]:
    """List what is published, newest first."""
    count(request)
    rows = public()
    for name in ("kind", "state", "ecosystem", "name"):
        if value := getattr(query, name):
            rows = rows.filter(**{name: value})
    return page(rows, query, ("-id",), outside)


@router.get("/advisories/{identifier}", auth=None, summary="One advisory")
def one(request: HttpRequest, identifier: str) -> dict[str, Any]:
    """Return what an advisory says; `WS-2026-0001` and `x_WS-2026-0001` both name it."""
    count(request)
    item = find(identifier)
    if item is None:
        raise NotFound(f"there is no advisory {identifier[:40]}")
    withdrawal = item.withdrawal
    return {
        **outside(item.advisory),
        "revision": item.last.number,
        "sha256": item.last.sha256,
        "published": time(item.first.created_at),
        "modified": time(item.modified),
        "withdrawn": None
        if withdrawal is None
        else {"at": time(withdrawal.at), "reason": withdrawal.reason},
        "content": dataclasses.asdict(item.content),
    }


@router.get("/advisories/{identifier}/osv", auth=None, summary="An advisory as OSV")
def as_osv(request: HttpRequest, identifier: str) -> dict[str, Any]:
    """Return the OSV record."""
    count(request)
    item = find(identifier)
    if item is None:
        raise NotFound(f"there is no advisory {identifier[:40]}")
    return record(item)


@router.get("/advisories/{identifier}/revisions", auth=None, summary="Everything it ever said")
def history(request: HttpRequest, identifier: str) -> dict[str, Any]:
    """Return every published revision, oldest first."""
    count(request)
    item = find(identifier)
    if item is None:
        raise NotFound(f"there is no advisory {identifier[:40]}")
    rows = item.advisory.revisions.order_by("number")
    return {
        "items": [
            {
                "revision": row.number,
                "at": time(row.created_at),
                "sha256": row.sha256,
                "content": dataclasses.asdict(AdvisoryContent.from_json(row.content)),
            }
            for row in rows
        ]
    }


# -- for those who write them ---------------------------------------------------------------


@router.get("/drafts", auth=AUTHENTICATED, summary="Reserved WS")
def drafts(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List reserved WS with their drafts."""
    actor(request, Action.ISSUE_WS)
    rows = Advisory.objects.filter(state="reserved")
    return page(rows, query, ("-id",), with_draft)


def with_draft(advisory: Advisory) -> dict[str, Any]:
    """Return a reserved WS."""
    return {**brief(advisory), "embargo_until": advisory.embargo_until, "draft": advisory.draft}


def key_of(identifier: str) -> int:
    """Return the key of an advisory, whatever its state.

    Raises:
        NotFound: there is none.
    """
    named = parsed(identifier)
    if named is not None:
        kind, year, number = named
        row = Advisory.objects.filter(kind=kind, year=year, number=number).values_list("pk").first()
        if row is not None:
            return int(row[0])
    raise NotFound(f"there is no advisory {identifier[:40]}")


@router.post("/advisories", auth=AUTHENTICATED, response={201: Any}, summary="Reserve a WS")
def reserve(request: HttpRequest, body: OpeningIn) -> Status[Any]:
    """Take a number for a weakness in a model or package, with a draft nobody outside sees."""
    user = actor(request, Action.ISSUE_WS)
    given = body.model_dump(exclude={"model"})
    model = None
    if body.model is not None:
        model = models_visible_to(user).filter(pk=body.model).first()
        if model is None:
            raise NotFound(f"there is no model {body.model}")
    return Status(
        201, with_draft(services.reserve_ws(user, services.Opening(model=model, **given)))
    )


@router.put("/advisories/{identifier}/draft", auth=AUTHENTICATED, summary="Write a WS's draft")
def draft(request: HttpRequest, identifier: str, body: ContentIn) -> dict[str, Any]:
    """Change what a reserved WS will say."""
    user = actor(request, Action.ISSUE_WS)
    return with_draft(services.save_draft(user, key_of(identifier), body.changes()))


@router.post("/advisories/{identifier}/publish", auth=AUTHENTICATED, summary="Publish a WS")
def publish(request: HttpRequest, identifier: str) -> dict[str, Any]:
    """Publish a reserved WS."""
    return brief(services.publish_ws(actor(request, Action.ISSUE_WS), key_of(identifier)))


@router.post("/advisories/{identifier}/revisions", auth=AUTHENTICATED, summary="Revise a WS")
def revise(request: HttpRequest, identifier: str, body: RevisionIn) -> dict[str, Any]:
    """Publish a further revision."""
    user = actor(request, Action.ISSUE_WS)
    changes = body.changes()
    reason = changes.pop("reason")
    return brief(services.revise_ws(user, key_of(identifier), changes, reason))


@router.post("/advisories/{identifier}/cve", auth=AUTHENTICATED, summary="A CVE took over")
def supersede(request: HttpRequest, identifier: str, body: CveIn) -> dict[str, Any]:
    """Say that a published CVE is exactly this flaw; the WS stays served."""
    user = actor(request, Action.ISSUE_WS)
    return brief(services.supersede_ws(user, key_of(identifier), body.cve))


@router.delete("/advisories/{identifier}/cve", auth=AUTHENTICATED, summary="Take a CVE off again")
def unsupersede(request: HttpRequest, identifier: str, reason: str = "rejected") -> dict[str, Any]:
    """Take off a CVE that was rejected or is about something else."""
    user = actor(request, Action.ISSUE_WS)
    return brief(services.unsupersede_ws(user, key_of(identifier), reason[:4000]))


@router.post("/advisories/{identifier}/reject", auth=AUTHENTICATED, summary="Give up a number")
def reject(request: HttpRequest, identifier: str, body: Reason) -> dict[str, Any]:
    """Give up a reserved number; it is never used again."""
    user = actor(request, Action.ISSUE_WS)
    return brief(services.reject_ws(user, key_of(identifier), body.reason))


# -- two people -------------------------------------------------------------------------------


class Emergency(Schema):
    """Why a lead cannot wait for a second person."""

    emergency: Text = ""


def proposal_shown(row: Proposal) -> dict[str, Any]:
    """Return a proposal as plain data."""
    return {
        "id": row.pk,
        "advisory": bare(row.advisory),
        "act": row.act,
        "reason": row.reason,
        "state": row.state,
        "proposer": row.proposer.get_username(),
        "created_at": row.created_at,
    }


@router.get("/proposals", auth=AUTHENTICATED, summary="Withdrawals that wait")
def proposals(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List what waits for a second person."""
    actor(request, Action.APPROVE_CASE)
    rows = Proposal.objects.filter(state="open").select_related("advisory", "proposer")
    return page(rows, query, ("-id",), proposal_shown)


@router.post(
    "/advisories/{identifier}/proposals",
    auth=AUTHENTICATED,
    response={201: Any},
    summary="Propose a withdrawal",
)
def propose(request: HttpRequest, identifier: str, body: ProposalIn) -> Status[Any]:
    """Propose to withdraw an advisory, or to lift an embargo; a second person decides."""
    user = actor(request, Action.WITHDRAW if body.act == "withdraw" else Action.ISSUE_WS)
    row = services.propose(user, key_of(identifier), body.act, body.reason)
    return Status(201, proposal_shown(row))


@router.post("/proposals/{int:number}/approve", auth=AUTHENTICATED, summary="Agree")
def approve(request: HttpRequest, number: int, body: Emergency | None = None) -> dict[str, Any]:
    """Do what somebody else proposed; in an emergency a lead does alone what they proposed."""
    why = body.emergency if body else ""
    user = actor(request, Action.BREAK_GLASS if why else Action.APPROVE_CASE)
    return brief(services.approve_proposal(user, number, why))


@router.post("/proposals/{int:number}/refuse", auth=AUTHENTICATED, summary="Disagree")
def refuse(request: HttpRequest, number: int, body: Reason) -> dict[str, Any]:
    """Say no to what somebody proposed."""
    user = actor(request, Action.APPROVE_CASE)
    return proposal_shown(services.refuse_proposal(user, number, body.reason))
