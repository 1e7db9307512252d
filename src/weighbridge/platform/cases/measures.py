"""How the review goes: waiting times, and how often each rule is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.models import Event
from weighbridge.platform.cases.models import OPEN, Case, CaseState, Decision

DAYS = 90
MOST_DAYS = 3650
_MOST_CASES = 20_000
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long something took, in seconds; None where there is none of it."""

    count: int
    median: float | None
    slowest_tenth: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What people decided about the cases of one rule; duplicates count with their case."""

    rule: str
    decided: int
    false_positives: int

    @property
    def rate(self) -> float:
        """Part of the decided cases that were false alarms."""
        return self.false_positives / self.decided


@dataclass(frozen=True, slots=True)
class Review:
    """The review of some days.

    Attributes:
        to_claim: from the opening of a case to its first claim.
        to_decision: from the opening to the decision that stands.
        queue: age of the cases that nobody has claimed now, whatever the days.
        open_cases: how many are not decided now.
        rules: most false alarms first.
    """

    days: int
    to_claim: Waiting
    to_decision: Waiting
    queue: Waiting
    open_cases: int
    rules: list[RuleRecord]


def review(user: User, days: int = DAYS) -> Review:
    """Return how the review went in the last `days` days, over 20,000 cases at the most.

    Raises:
        PermissionDenied: they may not read the queue.
    """
    require(user, Action.READ_QUEUE)
    now = timezone.now()
    since = now - timedelta(days=min(max(days, 1), MOST_DAYS))
    opened = Case.objects.filter(opened_at__gte=since).order_by("-pk")
    begun = dict(opened.values_list("pk", "opened_at")[:_MOST_CASES])
    decided = Case.objects.filter(state=CaseState.DECIDED, decided_at__gte=since)
    judged = decided.exclude(decision=Decision.DUPLICATE).order_by("-pk")
    rows = list(judged.values_list("rule", "decision", "opened_at", "decided_at")[:_MOST_CASES])
    waiting = Case.objects.filter(state=CaseState.QUEUED).values_list("opened_at", flat=True)
    return Review(
        days=days,
        to_claim=_waiting(_claims(begun)),
        to_decision=_waiting([(end - start).total_seconds() for _, _, start, end in rows if end]),
        queue=_waiting([(now - start).total_seconds() for start in waiting[:_MOST_CASES]]),
        open_cases=Case.objects.filter(state__in=OPEN).count(),
        rules=_rules([(rule, decision) for rule, decision, _, _ in rows]),
    )


def _claims(begun: dict[int, datetime]) -> list[float]:
    """Return how long each case waited for its first claim, as the history says."""
    first: dict[int, str] = {}
    numbers = sorted(begun)
    for start in range(0, len(numbers), _CHUNK):
        events = Event.objects.filter(
            case_number__in=numbers[start : start + _CHUNK], action="case-claim"
        )
        for case, at in events.order_by("seq").values_list("case_number", "at"):
            if case is not None:
                first.setdefault(case, at)
    return [
        max(0.0, (datetime.fromisoformat(at) - begun[case]).total_seconds())
        for case, at in first.items()
    ]


def _waiting(seconds: Sequence[float]) -> Waiting:
    if not seconds:
        return Waiting(0, None, None, None)
    ordered = sorted(seconds)
    middle, tenth = ordered[len(ordered) // 2], ordered[len(ordered) * 9 // 10]
    return Waiting(len(ordered), middle, tenth, ordered[-1])


def _rules(decisions: Sequence[tuple[str, str]]) -> list[RuleRecord]:
    decided = Counter(rule for rule, _ in decisions)
    wrong = Counter(rule for rule, word in decisions if word == Decision.FALSE_POSITIVE)
    records = [RuleRecord(rule, count, wrong[rule]) for rule, count in decided.items()]
    return sorted(records, key=lambda one: (-one.rate, -one.decided, one.rule))
