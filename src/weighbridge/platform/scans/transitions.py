"""The one way in which a scan changes its state: a step of this table, with its event."""

from __future__ import annotations

from typing import Any

from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.audit.services import Act, Actor, record
from weighbridge.platform.scans.models import Scan, ScanState

QUEUED, RUNNING, DONE, FAILED, PARKED, CANCELLED = (state.value for state in ScanState)

STEPS: dict[str, tuple[frozenset[str], str]] = {
    "claim": (frozenset({QUEUED}), RUNNING),
    "finish": (frozenset({RUNNING}), DONE),
    "fail": (frozenset({RUNNING}), FAILED),
    "retry": (frozenset({RUNNING}), QUEUED),
    "park": (frozenset({RUNNING}), PARKED),
    "release": (frozenset({RUNNING}), QUEUED),
    "cancel": (frozenset({QUEUED, PARKED}), CANCELLED),
    "requeue": (frozenset({PARKED, FAILED}), QUEUED),
}


def transition(scan: Scan, step: str, actor: Actor, reason: str = "", **columns: Any) -> Scan:
    """Take one step, and write its event in the same transaction.

    The row must be as it was read: its state, its worker and its attempt.

    Raises:
        Conflict: it is not, because somebody else was quicker.
    """
    sources, to = STEPS[step]
    if to == QUEUED:
        columns.setdefault("published_at", None)
    before = scan.state
    still = Scan.objects.filter(
        pk=scan.pk, state=before, worker=scan.worker, attempts=scan.attempts
    )
    if to != RUNNING:
        columns |= {"worker": "", "lease_until": None}
    if before not in sources or not still.update(state=to, **columns):
        raise Conflict(f"scan {scan.pk} is {before}, so this cannot be done: {step}")
    scan.refresh_from_db()
    act = Act(
        action=f"scan-{step}",
        object_kind="scan",
        object_id=scan.pk,
        before=before,
        after=to,
        reason=reason,
        data={"attempt": scan.attempts, "target": scan.target},
    )
    record(actor, act)
    return scan
