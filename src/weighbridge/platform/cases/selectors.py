"""Reading the queue and its cases, with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q, QuerySet

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed, require
from weighbridge.platform.advisories.issuing import affected_models
from weighbridge.platform.advisories.models import Advisory, AdvisoryState, Kind
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.audit.models import Event
from weighbridge.platform.audit.selectors import of_case
from weighbridge.platform.cases.models import OPEN, Case, CaseState, Decision, Occurrence, Vouch
from weighbridge.platform.cases.places import files_of
from weighbridge.platform.cases.ruling import case_for
from weighbridge.platform.catalog.models import Model, ModelFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the queue; the defaults are everything open that waits for nobody's answer.

    Attributes:
        state: one state; empty for all that are open.
        awaiting: True for cases that wait for an answer, None for both.
        mine: only those that this person owns.
    """

    state: str = ""
    verdict: str = ""
    rule: str = ""
    family: str = ""
    effect: str = ""
    provider: str = ""
    text: str = ""
    awaiting: bool | None = None
    mine: bool = False


def queue(user: User, filters: Filters | None = None) -> QuerySet[Case]:
    """Return cases in the order of the queue: verdict, then popularity, then age.

    The rows come with their people; a page of them is one query, whatever its length.
    """
    require(user, Action.READ_QUEUE)
    filters = filters or Filters()
    wanted = Q(state=filters.state) if filters.state else Q(state__in=OPEN)
    for name in ("verdict", "rule", "family", "effect"):
        if value := getattr(filters, name):
            wanted &= Q(**{name: value})
    if filters.provider:
        wanted &= Q(
            pk__in=Occurrence.objects.filter(
                artifact__files__version__model__provider=filters.provider
            ).values("case_id")
        )
    if filters.text:
        wanted &= Q(title__icontains=filters.text)
    if filters.awaiting is not None:
        wanted &= Q(awaiting_until__isnull=not filters.awaiting)
    if filters.mine:
        wanted &= Q(owner=user)
    people = ("owner", "proposer", "approver", "subject__model")
    rows = Case.objects.filter(wanted).select_related(*people)
    if filters.state == CaseState.DECIDED:
        return rows.order_by("-decided_at", "-pk")
    return rows.order_by("rank", "-popularity", "opened_at", "pk")


@dataclass(frozen=True, slots=True)
class Counted:
    """How many places a case has, and the first of them."""

    count: int
    first: int


def counted(cases: Iterable[int]) -> dict[int, Counted]:
    """Return the number of places of some cases, in one query; those that have none are left out.

    Of one page of the queue: joined to the queue itself, all of it would be counted.
    """
    rows = Occurrence.objects.filter(case__in=list(cases)).order_by().values("case_id")
    found = rows.annotate(places=Count("pk"), first=Min("pk"))
    return {row["case_id"]: Counted(row["places"], row["first"]) for row in found}


def found_in(cases: Iterable[Case]) -> dict[int, tuple[Counted, Model | None]]:
    """Return for some cases how many places they have and one model: where each was seen first.

    Three queries, whatever the length.
    """
    some = list(cases)
    places = counted(case.pk for case in some)
    firsts = Occurrence.objects.filter(pk__in=[one.first for one in places.values()])
    artifacts = dict(firsts.values_list("case_id", "artifact_id"))
    files = ModelFile.objects.filter(artifact__in=set(artifacts.values())).order_by()
    earliest = files.values("artifact_id").annotate(first=Min("pk")).values("first")
    holders = ModelFile.objects.filter(pk__in=earliest).select_related("version__model")
    models = {file.artifact_id: file.version.model for file in holders}
    return {
        case.pk: (
            places.get(case.pk, Counted(0, 0)),
            models.get(artifacts.get(case.pk, 0)) or (case.subject.model if case.subject else None),
        )
        for case in some
    }


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one case except its occurrences, which are paged."""

    case: Case
    models: list[Model]
    advisories: list[Advisory]
    history: list[Event]
    waiting: list[Model]


def detail(user: User, number: int) -> Detail:
    """Return a case with what belongs to it.

    `waiting` are models in which a case decided as malicious occurs and that have no MSC from it:
    one click issues it (`issuing.issue_for_model`).

    Raises:
        NotFound: there is no such case.
    """
    require(user, Action.READ_QUEUE)
    people = ("owner", "proposer", "approver", "duplicate_of", "parent", "subject__model")
    case = Case.objects.select_related(*people).filter(pk=number).first()
    if case is None:
        raise NotFound(f"there is no case {number}")
    models = affected_models(case)
    advisories = list(case.advisories.order_by("pk"))
    return Detail(case, models, advisories, list(of_case(number)), _waiting(case, models))


def occurrences(user: User, number: int) -> QuerySet[Occurrence]:
    """Return where a case occurs, with the artifacts."""
    require(user, Action.READ_QUEUE)
    return Occurrence.objects.filter(case=number).select_related("artifact").order_by("pk")


def places(user: User, number: int) -> QuerySet[ModelFile]:
    """Return the files of models in which a case occurs."""
    require(user, Action.READ_QUEUE)
    return files_of(number).select_related("version__model", "artifact").order_by("pk")


def _waiting(case: Case, models: list[Model]) -> list[Model]:
    if case.decision != Decision.MALICIOUS:
        return []
    done = {
        advisory.model_id
        for advisory in case.advisories.filter(kind=Kind.MSC, state=AdvisoryState.ISSUED)
    }
    return [model for model in models if model.pk not in done]


def of_behaviour(user: User, behaviour: str) -> Case | None:
    """Return the case that a finding's behaviour belongs to."""
    require(user, Action.READ_QUEUE)
    return case_for(behaviour)


def vouches(user: User) -> QuerySet[Vouch]:
    """Return what is and was vouched for, newest first."""
    require(user, Action.READ_QUEUE)
    return Vouch.objects.select_related("proposer", "approver").order_by("-pk")


def waiting(user: User | AnonymousUser) -> int | None:
    """Return how many cases nobody has claimed, None for people who may not know."""
    if not allowed(user, Action.READ_QUEUE):
        return None
    return Case.objects.filter(state=CaseState.QUEUED, awaiting_until__isnull=True).count()


def counts(user: User) -> dict[str, int]:
    """Return how many cases there are in each state."""
    require(user, Action.READ_QUEUE)
    rows = Case.objects.order_by().values_list("state").annotate(Count("pk"))
    return {state: 0 for state in CaseState.values} | dict(rows)
