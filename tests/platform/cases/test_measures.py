"""How the review goes, in numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest
import registry as r
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.cases import deciding, services
from weighbridge.platform.cases.measures import review
from weighbridge.platform.cases.models import Case

pytestmark = pytest.mark.django_db
HOUR = 3600.0


def opened(hours: float, content: bytes) -> Case:
    """A case that was opened some hours ago."""
    r.scanned(content)
    case = Case.objects.latest("pk")
    Case.objects.filter(pk=case.pk).update(opened_at=timezone.now() - timedelta(hours=hours))
    return Case.objects.get(pk=case.pk)


def test_nothing_is_nothing() -> None:
    found = review(r.person("ada"))
    assert (found.to_claim.count, found.to_claim.median, found.rules) == (0, None, [])


def test_times_count_from_the_opening() -> None:
    ada = r.person("ada")
    case = opened(3, r.unvouched("one"))
    services.claim(ada, case.pk)
    services.release(ada, case.pk)
    r.in_analysis(ada, case)
    deciding.false_positive(ada, case.pk, "ordinary")
    opened(5, r.unvouched("two"))
    found = review(ada)
    assert found.to_claim.count == 1
    assert found.to_claim.median == pytest.approx(3 * HOUR, abs=60)
    assert found.to_decision.median == pytest.approx(3 * HOUR, abs=60)
    assert (found.queue.count, found.open_cases) == (1, 1)
    assert found.queue.longest == pytest.approx(5 * HOUR, abs=60)


def test_rules_are_measured_by_what_people_decided() -> None:
    ada = r.person("ada")
    for name in ("one", "two"):
        case = r.in_analysis(ada, opened(1, r.unvouched(name)))
        if name == "one":
            deciding.false_positive(ada, case.pk, "ordinary")
        else:
            deciding.weakness(ada, case.pk, "not vouched for")
    (record,) = review(ada).rules
    assert (record.rule, record.decided, record.false_positives) == ("unvouched-call", 2, 1)
    assert record.rate == 0.5


def test_old_decisions_do_not_count() -> None:
    ada = r.person("ada")
    case = r.in_analysis(ada, opened(1, r.unvouched()))
    deciding.false_positive(ada, case.pk, "ordinary")
    Case.objects.update(
        opened_at=timezone.now() - timedelta(days=9), decided_at=timezone.now() - timedelta(days=8)
    )
    assert review(ada, 7).rules == []
    assert len(review(ada, 30).rules) == 1


def test_it_is_for_who_reads_the_queue() -> None:
    with pytest.raises(PermissionDenied):
        review(r.person("eve", Role.SUBMITTER))
