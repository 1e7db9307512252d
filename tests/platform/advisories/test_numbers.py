"""Numbers: one after the other for each kind and year, whoever asks at the same time."""

from __future__ import annotations

import pytest
import registry as r
from django.db import transaction
from together import at_once

from weighbridge.platform.advisories import numbers, services
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.audit.chain import verify

pytestmark = pytest.mark.django_db(transaction=True)


@transaction.atomic
def take(kind: str = "WS", year: int = 2026) -> int:
    return numbers.take(kind, year)[1]


def test_kinds_and_years_count_for_themselves() -> None:
    assert [take("WS"), take("WS"), take("MSC"), take("WS", 2027), take("WS")] == [1, 2, 1, 1, 3]


def test_fifty_at_once_get_fifty_numbers_in_a_row() -> None:
    results = at_once([take for _ in range(50)])
    assert sorted(number for number in results if isinstance(number, int)) == [*range(1, 51)]


def test_fifty_people_reserve_fifty_advisories_at_once() -> None:
    ada = r.person("ada")

    def reserve() -> int:
        opening = services.Opening("Title", "Text", package="demo", versions=["1.0"])
        return services.reserve_ws(ada, opening).number

    results = at_once([reserve for _ in range(50)])
    assert sorted(number for number in results if isinstance(number, int)) == [*range(1, 51)]
    assert Advisory.objects.count() == 50
    assert verify().ok


def test_a_number_is_part_of_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        numbers.take("WS")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("MSC-2026-0001", ("MSC", 2026, 1)),
        ("x_MSC-2026-0001", ("MSC", 2026, 1)),
        (" ws-2026-12345 ", ("WS", 2026, 12345)),
        ("CVE-2026-0001", None),
        ("MSC-2026-1", None),
        ("MSC-2026-0001; DROP TABLE", None),
        ("", None),
    ],
)
def test_both_spellings_are_understood(text: str, named: tuple[str, int, int] | None) -> None:
    assert numbers.parsed(text) == named


def test_four_digits_at_least() -> None:
    assert numbers.spelled("WS", 2026, 7) == "WS-2026-0007"
    assert numbers.spelled("WS", 2026, 12345) == "WS-2026-12345"
