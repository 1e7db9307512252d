"""The one way in which a case changes its state: a step of this table, with its event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from weighbridge.platform.accounts.models import User
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.services import Act, Actor, record
from weighbridge.platform.cases.models import Case, CaseState

QUEUED, CLAIMED, ANALYSIS, PROPOSED, DECIDED = (state.value for state in CaseState)


@dataclass(frozen=True, slots=True)
class Step:
    """From which states a step leads to which, and whether only the owner may take it."""

    sources: frozenset[str]
    to: str
    owner: bool = False


def _step(sources: str, to: str, owner: bool = False) -> Step:
    return Step(frozenset(sources.split()), to, owner)


STEPS: dict[str, Step] = {
    "claim": _step("queued", CLAIMED),
    "assign": _step("queued claimed", CLAIMED),
    "release": _step("claimed in-analysis", QUEUED),
    "expire": _step("claimed in-analysis", QUEUED),
    "start": _step("claimed", ANALYSIS, owner=True),
    "needs-info": _step("in-analysis", QUEUED, owner=True),
    "answer": _step("queued", QUEUED),
    "duplicate": _step("in-analysis", DECIDED, owner=True),
    "merge": _step("queued claimed in-analysis", DECIDED),
    "false-positive": _step("in-analysis", DECIDED, owner=True),
    "vouched": _step("queued claimed in-analysis", DECIDED),
    "propose": _step("in-analysis", PROPOSED, owner=True),
    "refuse": _step("proposed", ANALYSIS),
    "approve": _step("proposed", DECIDED),
    "weakness": _step("in-analysis", DECIDED, owner=True),
    "reopen": _step("decided", ANALYSIS),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What goes with a step: other columns, and what the event tells."""

    columns: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    rules_version: str = ""


def locked(number: int, expected: int | None = None) -> Case:
    """Return a case that nobody else can change until the transaction ends.

    Args:
        number: of the case.
        expected: the revision that the caller saw, None when any will do.

    Raises:
        NotFound: there is no such case.
        Conflict: it was changed since the caller looked at it.
    """
    return lock_all([number], expected)[0]


def lock_all(numbers: Iterable[int], expected: int | None = None) -> list[Case]:
    """Lock several cases, in the order of their numbers, and return them in the order asked for."""
    wanted = list(numbers)
    rows = Case.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    cases = {case.pk: case for case in rows}
    for number in wanted:
        if number not in cases:
            raise NotFound(f"there is no case {number}")
    first = cases[wanted[0]]
    if expected is not None and first.revision != expected:
        raise Conflict(f"{describe(first)}; it was changed since you looked at it")
    return [cases[number] for number in wanted]


def transition(case: Case, step: str, actor: Actor, change: Change | None = None) -> Case:
    """Take one step with a locked case, and write its event in the same transaction.

    Raises:
        Conflict: the case is not in a state that the step starts from.
        Refused: only its owner may take the step.
    """
    change = change or Change()
    check(case, step, actor)
    before, after = case.state, STEPS[step].to
    values = {"state": after, **change.columns}
    if after in (QUEUED, DECIDED):
        values |= {"owner": None, "claim_expires_at": None}
    changed = Case.objects.filter(pk=case.pk, revision=case.revision, state=before).update(
        **values, revision=case.revision + 1
    )
    if not changed:
        raise Conflict(f"{describe(case)}; somebody else changed it at the same time")
    case.refresh_from_db()
    record(
        actor,
        Act(
            action=f"case-{step}",
            object_kind="case",
            object_id=case.pk,
            case=case.pk,
            before=before,
            after=after,
            reason=change.reason,
            data=change.data,
            rules_version=change.rules_version,
        ),
    )
    return case


def check(case: Case, step: str, actor: Actor) -> None:
    """Return if `actor` can take this step now.

    Raises:
        Conflict: the case is not in a state that the step starts from.
        Refused: only its owner may take the step.
    """
    rule = STEPS[step]
    if case.state not in rule.sources:
        raise Conflict(f"{describe(case)}, so this cannot be done: {step}")
    if rule.owner and isinstance(actor, User) and case.owner_id != actor.pk:
        raise Refused(f"{describe(case)}; only its owner can do this: {step}")


def describe(case: Case) -> str:
    """Return one sentence about where a case stands, without a full stop."""
    words = f"case {case.pk} is {case.state}"
    if case.decision:
        words += f" as {case.decision}"
    if case.owner is not None and case.state != DECIDED:
        words += f" by {case.owner.get_username()}"
    return words
