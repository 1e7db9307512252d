"""The one way in which an advisory changes its state: a step of this table, with its event."""

from __future__ import annotations

from typing import Any

from weighbridge.platform.advisories.models import Advisory, AdvisoryState
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.audit.services import Act, Actor, record

_RESERVED, _PUBLISHED, _SUPERSEDED, _REJECTED, _ISSUED, _WITHDRAWN = (
    state.value for state in AdvisoryState
)

STEPS: dict[str, tuple[frozenset[str], str | None]] = {
    "publish": (frozenset({_RESERVED}), _PUBLISHED),
    "reject": (frozenset({_RESERVED}), _REJECTED),
    "revise": (frozenset({_PUBLISHED, _SUPERSEDED}), None),
    "supersede": (frozenset({_PUBLISHED}), _SUPERSEDED),
    "unsupersede": (frozenset({_SUPERSEDED}), _PUBLISHED),
    "withdraw": (frozenset({_PUBLISHED, _SUPERSEDED, _ISSUED}), _WITHDRAWN),
    "draft": (frozenset({_RESERVED}), None),
    "lift-embargo": (frozenset({_RESERVED}), None),
}
"""From which states a step leads to which; None leaves the state as it is."""


def check(advisory: Advisory, step: str) -> None:
    """Return if the step can be taken from the advisory's state.

    Raises:
        Conflict: it cannot.
    """
    if advisory.state not in STEPS[step][0]:
        raise Conflict(f"{bare(advisory)} is {advisory.state}, so this cannot be done: {step}")


def transition(
    advisory: Advisory, step: str, actor: Actor, reason: str = "", **columns: Any
) -> Advisory:
    """Take one step with a locked advisory, and write its event in the same transaction.

    Raises:
        Conflict: the advisory is not in a state that the step starts from.
    """
    check(advisory, step)
    before = advisory.state
    after = STEPS[step][1] or before
    changed = Advisory.objects.filter(pk=advisory.pk, state=before)
    if not changed.update(state=after, **columns):
        raise Conflict(f"{bare(advisory)} was changed by somebody else at the same time")
    advisory.refresh_from_db()
    record(actor, act(advisory, f"{advisory.kind.lower()}-{step}", before, reason))
    return advisory


def act(advisory: Advisory, action: str, before: str = "", reason: str = "") -> Act:
    """Return the event that something was done to an advisory."""
    return Act(
        action=action,
        object_kind="advisory",
        object_id=bare(advisory),
        case=advisory.case_id,
        before=before,
        after=advisory.state,
        reason=reason,
    )
