"""What a hunt is about to find, and what it found, grouped by behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from weighbridge.platform.cases.models import RANKS, Case
from weighbridge.platform.scans.models import ArtifactReport, FactSymbol, ReportBehaviour

_KINDS = ("import", "callee", "operator")
_MOST_NAMES = 12
_MOST_GROUPS = 40
_MOST_ARTIFACTS = 5000


@dataclass(frozen=True, slots=True)
class Counts:
    """How many contents have a name in their facts; None where only a hunt can tell."""

    artifacts: int | None
    names: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Contents that a hunt hits and that do the same.

    Attributes:
        case: about it, if there is one.
    """

    behaviour: str
    verdict: str
    artifacts: int
    case: Case | None


def _named(kind: str, text: str) -> Q | None:
    if kind not in _KINDS or not text.strip("*"):
        return None
    wanted = Q(kind=kind)
    if text.endswith("*"):
        return wanted & Q(name__startswith=text[:-1])
    return wanted & Q(name=text)


def counted(kind: str, text: str) -> Counts:
    """Return how many contents a hunt for a name would hit, in two indexed queries."""
    named = _named(kind, text.strip())
    if named is None:
        return Counts(None)
    rows = FactSymbol.objects.filter(named).order_by()
    contents = Count("facts__artifact", distinct=True)
    names = rows.values("name").annotate(contents=contents).order_by("-contents", "name")
    total = rows.aggregate(total=contents)["total"]
    return Counts(total, tuple((one["name"], one["contents"]) for one in names[:_MOST_NAMES]))


def results(kind: str, text: str) -> list[Group]:
    """Return what a hunt for a name hits, by behaviour, the gravest and most frequent first."""
    named = _named(kind, text.strip())
    if named is None:
        return []
    hits = FactSymbol.objects.filter(named).order_by().values("facts__artifact")
    reports = ArtifactReport.objects.filter(current=True, artifact__in=hits).order_by("pk")
    numbers = list(reports.values_list("pk", flat=True)[:_MOST_ARTIFACTS])
    found: dict[tuple[str, str], int] = {}
    for start in range(0, len(numbers), 500):
        rows = ReportBehaviour.objects.filter(report__in=numbers[start : start + 500]).order_by()
        for behaviour, verdict, count in rows.values_list("behaviour", "kind").annotate(
            Count("pk")
        ):
            found[behaviour, verdict] = found.get((behaviour, verdict), 0) + count
    ordered = sorted(found.items(), key=lambda one: (RANKS.get(one[0][1], 9), -one[1]))
    return _with_cases([(*key, count) for key, count in ordered[:_MOST_GROUPS]])


def _with_cases(rows: Sequence[tuple[str, str, int]]) -> list[Group]:
    wanted = [behaviour for behaviour, _, _ in rows]
    cases = {one.behaviour: one for one in Case.objects.filter(behaviour__in=wanted).order_by("pk")}
    return [Group(word, verdict, count, cases.get(word)) for word, verdict, count in rows]
