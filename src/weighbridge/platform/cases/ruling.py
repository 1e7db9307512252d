"""What people's decisions say about behaviours, and the lock between judging and deciding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from weighbridge.findings.model import Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.platform.cases.models import Case, Decision, FalsePositive, Ruling

_CHUNK = 500
_LONGEST_CHAIN = 20


@dataclass(frozen=True, slots=True)
class Ruled:
    """A decision about a behaviour and the case it was taken in."""

    decision: str
    case: int


@dataclass(frozen=True, slots=True)
class Effective:
    """A verdict after people's decisions; `decided_by` is empty when the rules alone say it."""

    verdict: Verdict
    decided_by: str


def hold_shared() -> Ruling:
    """Keep decisions from being taken until the transaction ends; others may judge meanwhile."""
    if connection.vendor == "postgresql":
        rows = list(Ruling.objects.raw("SELECT * FROM cases_ruling WHERE id = 1 FOR SHARE"))
    else:
        rows = list(Ruling.objects.filter(pk=1))
    if rows:
        return rows[0]
    Ruling.objects.bulk_create([Ruling()], ignore_conflicts=True)
    return hold_shared()


def hold_alone() -> Ruling:
    """Keep everybody else from judging and deciding until the transaction ends."""
    if not Ruling.objects.filter(pk=1).update(decisions=F("decisions") + 1):
        Ruling.objects.bulk_create([Ruling()], ignore_conflicts=True)
        Ruling.objects.filter(pk=1).update(decisions=F("decisions") + 1)
    return Ruling.objects.get(pk=1)


def case_for(behaviour: str) -> Case | None:
    """Return the case that a behaviour belongs to now: the latest one, or what it duplicates."""
    case = Case.objects.filter(behaviour=behaviour).order_by("-pk").first()
    for _ in range(_LONGEST_CHAIN):
        if case is None or case.duplicate_of is None:
            break
        case = case.duplicate_of
    return case


def ruled(behaviours: Iterable[str]) -> dict[str, Ruled]:
    """Return the decisions in force about some behaviours."""
    wanted = sorted(set(behaviours))
    found: dict[str, Ruled] = {}
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        found |= _from_cases(some)
        silenced = FalsePositive.objects.filter(behaviour__in=some, revoked_at__isnull=True)
        for behaviour, case in silenced.values_list("behaviour", "case_id"):
            found[behaviour] = Ruled(Decision.FALSE_POSITIVE.value, case)
    return found


def _from_cases(behaviours: Sequence[str]) -> dict[str, Ruled]:
    found: dict[str, Ruled] = {}
    rows = (
        Case.objects.filter(behaviour__in=behaviours).order_by("pk").select_related("duplicate_of")
    )
    for case in rows:
        last: Case | None = case
        for _ in range(_LONGEST_CHAIN):
            if last is None or last.duplicate_of is None:
                break
            last = last.duplicate_of
        found.pop(case.behaviour, None)
        if last is not None and last.decision in (Decision.MALICIOUS, Decision.WEAKNESS):
            found[case.behaviour] = Ruled(last.decision, last.pk)
    return found


def effective(
    behaviours: Iterable[tuple[str, str]], complete: bool, decisions: dict[str, Ruled]
) -> Effective:
    """Return the verdict that follows from findings and from what people decided about them.

    Args:
        behaviours: behaviour and kind of each finding.
        complete: whether every byte was examined.
        decisions: see `ruled`.
    """
    verdicts = [] if complete else [Verdict.INCONCLUSIVE]
    named: dict[int, str] = {}
    for behaviour, kind in behaviours:
        decision = decisions.get(behaviour)
        if decision is None:
            verdicts.append(Verdict(kind))
            continue
        named[decision.case] = f"case {decision.case}: {decision.decision}"
        if decision.decision != Decision.FALSE_POSITIVE:
            verdicts.append(Verdict(decision.decision))
    return Effective(strongest(verdicts), ", ".join(named[case] for case in sorted(named))[:200])
