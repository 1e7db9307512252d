"""Cases: the queue, one case with its places and history, and every step that can be taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.advisories.issuing import affected_models, issue_for_model
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.services import Opening
from weighbridge.platform.api.access import AUTHENTICATED, actor
from weighbridge.platform.api.administration import event_shown
from weighbridge.platform.api.advisories import Line, Text, brief
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.audit.selectors import of_case
from weighbridge.platform.cases import deciding, selectors, services, shaping
from weighbridge.platform.cases.manual import Manual
from weighbridge.platform.cases.models import Case, CaseState, Note, Occurrence, Report
from weighbridge.platform.catalog.models import Artifact, ModelVersion

router = Router(tags=["cases"], auth=AUTHENTICATED)
ORDER = ("rank", "-popularity", "opened_at", "id")
_PLACES = 20


class CaseFilter(Paging):
    """Which cases to list: those that are open, unless a state is named."""

    state: CaseState | None = None
    verdict: Literal["malicious", "suspicious", "weakness"] | None = None
    provider: Literal["huggingface", "kaggle", "local"] | None = None
    rule: str = Field("", max_length=60)
    family: str = Field("", max_length=64)
    effect: str = Field("", max_length=40)
    q: str = Field("", max_length=200)
    mine: bool = False


class Why(Schema):
    """A reason, and the revision of the case that was looked at."""

    reason: Text = ""
    revision: int | None = Field(None, ge=1)


class OwnerIn(Schema):
    """Who is to work on a case."""

    owner: str = Field(..., min_length=1, max_length=150)


class NoteIn(Schema):
    """A note or an answer."""

    text: Text = Field(..., min_length=1)


class QuestionIn(Schema):
    """A question, and when to come back without an answer."""

    question: Text = Field(..., min_length=1)
    until: datetime | None = None


class ProposalIn(Why):
    """A decision about a case."""

    decision: Literal["malicious", "weakness", "false-positive"]
    title: str = Field("", max_length=120, description="of the WS, for a weakness")
    description: Text = ""
    model: int | None = Field(None, description="of the WS, for a weakness")


class OtherCase(Why):
    """Another case."""

    case: int


class SplitIn(Schema):
    """Occurrences that have another cause."""

    occurrences: list[int] = Field(..., min_length=1, max_length=10_000)
    title: Line = ""


class Approval(Why):
    """Agreement; in an emergency a lead may give it alone, with a reason."""

    emergency: bool = False


class CaseIn(Schema):
    """A case opened by hand: about a version, an artifact by its hash, or a package on PyPI."""

    title: Line = Field(..., min_length=1)
    reason: Text = Field(..., min_length=1)
    version: int | None = None
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    behaviour: str = Field("", max_length=64)
    verdict: Literal["malicious", "suspicious", "weakness"] = "weakness"
    package: str = Field("", max_length=214)
    versions: list[str] = Field([], max_length=1000)


def listed(user: User, query: CaseFilter) -> QuerySet[Case]:
    """Return the cases that a filter names."""
    filters = selectors.Filters(
        state=query.state or "",
        verdict=query.verdict or "",
        rule=query.rule,
        family=query.family,
        effect=query.effect,
        provider=query.provider or "",
        text=query.q,
        mine=query.mine,
    )
    return selectors.queue(user, filters)


def row(case: Case) -> dict[str, Any]:
    """Return a case as plain data."""
    names = (
        "revision state verdict rule title family behaviour popularity restricted origin "
        "proposal decision reason question awaiting_until opened_at decided_at"
    ).split()
    shown: dict[str, Any] = {name: getattr(case, name) for name in names}
    return shown | {"id": case.pk, "owner": case.owner.get_username() if case.owner else None}


def full(case: Case) -> dict[str, Any]:
    """Return a case with models, first places, notes, reports and advisories."""
    people = {name: getattr(case, name) for name in ("proposer", "approver")}
    places = case.occurrences.select_related("artifact").order_by("pk")
    issued = list(case.advisories.order_by("pk"))
    named = {advisory.model_id for advisory in issued if advisory.state == "issued"}
    return {
        **row(case),
        **{name: one.get_username() if one else None for name, one in people.items()},
        "four_eyes_waived": case.four_eyes_waived,
        "emergency": case.emergency,
        "package": case.package or None,
        "package_versions": case.package_versions,
        "duplicate_of": case.duplicate_of_id,
        "parent": case.parent_id,
        "models": [
            {
                "id": model.pk,
                "provider": model.provider,
                "name": model.name,
                "restricted": model.restricted,
                "has_msc": model.pk in named,
            }
            for model in affected_models(case)
        ],
        "occurrences": places.count(),
        "places": [place(one) for one in places[:_PLACES]],
        "notes": [_note(one) for one in case.notes.select_related("author").order_by("pk")],
        "reports": [_report(one) for one in case.reports.order_by("pk")],
        "advisories": [brief(advisory) for advisory in issued],
    }


def place(one: Occurrence) -> dict[str, Any]:
    """Return an occurrence with its evidence."""
    names = "rule kind title path member offset evidence fingerprint live seen_at".split()
    shown = {name: getattr(one, name) for name in names}
    return {"id": one.pk, "sha256": one.artifact.sha256, **shown}


def _note(note: Note) -> dict[str, Any]:
    return {"author": note.author.get_username(), "text": note.text, "at": note.at}


def _report(told: Report) -> dict[str, Any]:
    names = ("kind", "target", "text", "contact", "at")
    return {"id": told.pk, **{name: getattr(told, name) for name in names}}


def manual_of(body: CaseIn) -> Manual:
    """Return what a case that is opened by hand is about.

    Raises:
        NotFound: there is no such version or artifact.
    """
    version = None
    if body.version is not None:
        version = ModelVersion.objects.select_related("model").filter(pk=body.version).first()
        if version is None:
            raise NotFound(f"there is no version {body.version}")
    artifact = None
    if body.sha256 is not None:
        artifact = Artifact.objects.filter(key=body.sha256).first()
        if artifact is None:
            raise NotFound("there is no artifact with this hash")
    return Manual(
        title=body.title,
        reason=body.reason,
        version=version,
        artifact=artifact,
        behaviour=body.behaviour,
        verdict=body.verdict,
        package=body.package,
        versions=tuple(body.versions),
    )


def find(number: int) -> Case:
    """Return a case.

    Raises:
        NotFound: there is none.
    """
    people = Case.objects.select_related("owner", "proposer", "approver", "subject")
    case = people.filter(pk=number).first()
    if case is None:
        raise NotFound(f"there is no case {number}")
    return case


@router.get("/cases", summary="The queue")
def queue(request: HttpRequest, query: Query[CaseFilter]) -> dict[str, Any]:
    """List cases: verdict first, then popularity, then age."""
    user = actor(request, Action.READ_QUEUE)
    found = page(listed(user, query), query, ORDER, row)
    places = selectors.counted([item["id"] for item in found["items"]])
    for item in found["items"]:
        item["occurrences"] = places[item["id"]].count if item["id"] in places else 0
    return found


@router.post("/cases", response={201: Any}, summary="Open a case by hand")
def create(request: HttpRequest, body: CaseIn) -> Status[Any]:
    """Open a case about a version or an artifact, or join the open one about the same."""
    user = actor(request, Action.OPEN_CASE)
    return Status(201, full(find(services.open_by_hand(user, manual_of(body)).pk)))


@router.post("/cases/next", summary="Claim the first case")
def claim_next(request: HttpRequest) -> dict[str, Any]:
    """Claim the first case of the queue; two people never get the same."""
    case = services.claim_next(actor(request, Action.CLAIM_CASE))
    if case is None:
        raise NotFound("nothing waits")
    return full(find(case.pk))


@router.get("/cases/{int:number}", summary="One case")
def one(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return a case with models, first places, notes, reports and advisories."""
    actor(request, Action.READ_QUEUE)
    return full(find(number))


@router.get("/cases/{int:number}/occurrences", summary="Every place of a case")
def occurrences(request: HttpRequest, number: int, query: Query[Paging]) -> dict[str, Any]:
    """List every place where the case's behaviour stands."""
    actor(request, Action.READ_QUEUE)
    rows = find(number).occurrences.select_related("artifact")
    return page(rows, query, ("id",), place)


@router.get("/cases/{int:number}/history", summary="The history of a case")
def history(request: HttpRequest, number: int, query: Query[Paging]) -> dict[str, Any]:
    """List every step of a case, oldest first."""
    actor(request, Action.READ_QUEUE)
    return page(of_case(find(number).pk), query, ("seq",), event_shown)


@router.post("/cases/{int:number}/claim", summary="Claim a case")
def claim(request: HttpRequest, number: int, body: Why | None = None) -> dict[str, Any]:
    """Take a case from the queue."""
    user = actor(request, Action.CLAIM_CASE)
    return full(services.claim(user, number, body.revision if body else None))


@router.post("/cases/{int:number}/assign", summary="Give a case to somebody")
def assign(request: HttpRequest, number: int, body: OwnerIn) -> dict[str, Any]:
    """Give a case that nobody analyses yet to a person, who is told of it."""
    lead = actor(request, Action.ASSIGN_CASE)
    owner = User.objects.filter(username=body.owner, is_active=True).first()
    if owner is None:
        raise NotFound(f"there is no {body.owner}")
    return full(services.assign(lead, number, owner))


@router.post("/cases/{int:number}/release", summary="Release a case")
def release(request: HttpRequest, number: int, body: Why | None = None) -> dict[str, Any]:
    """Put a case back into the queue."""
    user = actor(request, Action.CLAIM_CASE)
    return full(services.release(user, number, body.reason if body else ""))


@router.post("/cases/{int:number}/start", summary="Begin the analysis")
def start(request: HttpRequest, number: int) -> dict[str, Any]:
    """Begin the analysis of a claimed case."""
    return full(services.start(actor(request, Action.CLAIM_CASE), number))


@router.post("/cases/{int:number}/notes", response={201: Any}, summary="Write a note")
def note(request: HttpRequest, number: int, body: NoteIn) -> Status[Any]:
    """Write a note; notes are never edited."""
    return Status(201, _note(services.note(actor(request, Action.DECIDE_CASE), number, body.text)))


@router.post("/cases/{int:number}/needs-info", summary="Ask for information")
def needs_info(request: HttpRequest, number: int, body: QuestionIn) -> dict[str, Any]:
    """Put a case back into the queue with a question."""
    user = actor(request, Action.DECIDE_CASE)
    return full(services.needs_info(user, number, body.question, body.until))


@router.post("/cases/{int:number}/answer", summary="Answer a question")
def answer(request: HttpRequest, number: int, body: NoteIn) -> dict[str, Any]:
    """Answer the question of a case."""
    return full(services.answer(actor(request, Action.DECIDE_CASE), number, body.text))


@router.post("/cases/{int:number}/propose", summary="Propose or take a decision")
def propose(request: HttpRequest, number: int, body: ProposalIn) -> dict[str, Any]:
    """Malicious waits for a second person, as does a false positive on a malicious verdict.

    A weakness reserves a WS, about the most downloaded model unless one is named.
    """
    user = actor(request, Action.DECIDE_CASE)
    if body.decision == "malicious":
        return full(deciding.propose_malicious(user, number, body.reason, body.revision))
    if body.decision == "false-positive":
        return full(deciding.false_positive(user, number, body.reason, body.revision))
    return full(deciding.weakness(user, number, body.reason, _opening(number, body))[0])


def _opening(number: int, body: ProposalIn) -> Opening | None:
    if not body.title and body.model is None:
        return None
    case = find(number)
    models = affected_models(case)
    model = next((one for one in models if body.model in (None, one.pk)), None)
    if model is None:
        raise NotFound(f"case {number} does not occur in that model")
    description = body.description or body.reason
    return Opening(body.title or case.title[:120], description, model=model, case=case)


@router.post("/cases/{int:number}/approve", summary="Agree with a proposal")
def approve(request: HttpRequest, number: int, body: Approval | None = None) -> dict[str, Any]:
    """Take the proposed decision; malice issues one MSC for each model affected now."""
    given = body or Approval(reason="", revision=None)
    user = actor(request, Action.BREAK_GLASS if given.emergency else Action.APPROVE_CASE)
    case, _ = deciding.approve(
        user, number, given.reason, given.revision, emergency=given.emergency
    )
    return full(case)


@router.post("/cases/{int:number}/refuse", summary="Disagree with a proposal")
def refuse(request: HttpRequest, number: int, body: Why) -> dict[str, Any]:
    """Send the proposal back to its owner."""
    user = actor(request, Action.APPROVE_CASE)
    return full(deciding.refuse(user, number, body.reason, body.revision))


@router.post("/cases/{int:number}/duplicate", summary="It is another case's duplicate")
def duplicate(request: HttpRequest, number: int, body: OtherCase) -> dict[str, Any]:
    """Decide that a case is a duplicate; its places go to the other one."""
    user = actor(request, Action.DECIDE_CASE)
    return full(shaping.duplicate(user, number, body.case, body.reason))


@router.post("/cases/{int:number}/merge", summary="Join a case into another")
def merge(request: HttpRequest, number: int, body: OtherCase) -> dict[str, Any]:
    """Join an open case into another and leave a pointer."""
    user = actor(request, Action.DECIDE_CASE)
    return full(shaping.merge(user, number, body.case, body.reason))


@router.post("/cases/{int:number}/split", response={201: Any}, summary="Divide a case")
def split(request: HttpRequest, number: int, body: SplitIn) -> Status[Any]:
    """Open a new case for some places that have another cause."""
    user = actor(request, Action.DECIDE_CASE)
    return Status(201, full(shaping.split(user, number, body.occurrences, body.title)))


@router.post("/cases/{int:number}/reopen", summary="Take a decided case up again")
def reopen(request: HttpRequest, number: int, body: Why) -> dict[str, Any]:
    """Take a decided case up again; its advisories stay until a new decision."""
    return full(deciding.reopen(actor(request, Action.REOPEN_CASE), number, body.reason))


@router.post(
    "/cases/{int:number}/models/{int:model}/issue",
    response={201: Any},
    summary="Issue the MSC for one more model",
)
def issue(request: HttpRequest, number: int, model: int) -> Status[Any]:
    """Issue the MSC for a model in which a decided case occurred later."""
    advisory: Advisory = issue_for_model(actor(request, Action.APPROVE_CASE), number, model)
    return Status(201, brief(advisory))
