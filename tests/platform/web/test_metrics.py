"""What Prometheus is told, and that strangers are told nothing."""

from __future__ import annotations

from typing import Any

import pytest
import registry as r
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from weighbridge.platform.scans import services
from weighbridge.platform.scans.models import Scan

pytestmark = pytest.mark.django_db(transaction=True)


def told(token: str | None = "secret") -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Client().get("/metrics", headers=headers)


def values(answer: Any) -> dict[tuple[str, str], float]:
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found[sample.name, " ".join(sample.labels[name] for name in sorted(sample.labels))] = (
                sample.value
            )
    return found


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.WEIGHBRIDGE_METRICS_TOKEN = "secret"


def test_what_waits_what_ended_and_what_failed(settings: Any) -> None:
    r.scanned(r.infected())
    with transaction.atomic():
        for priority in (0, -5, -5):
            services.enqueue("tests", Scan(kind="hub", target="hf://a/b", priority=priority))
    scan = services.claim("w")
    assert scan is not None
    settings.WEIGHBRIDGE_SCAN_ATTEMPTS = 1
    services.fail(scan, "WorkerError: hf://a/b is no label", transient=True)
    found = values(told())
    assert found["weighbridge_queue_depth", "interactive"] == 0
    assert found["weighbridge_queue_depth", "bulk"] == 2
    assert found["weighbridge_scans", "parked"] == 1
    assert found["weighbridge_scans_done_5m", "malicious"] == 1
    assert found["weighbridge_scans_failed_5m", "WorkerError parked"] == 1
    assert found["weighbridge_cases_queued", ""] == 1


def test_look_ups_are_timed() -> None:
    before = values(told()).get(("weighbridge_look_up_seconds_count", ""), 0)
    for _ in range(3):
        Client().get(f"/api/v1/artifacts/{'0' * 64}")
    Client().get("/api/v1/advisories")
    found = values(told())
    assert found["weighbridge_look_up_seconds_count", ""] == before + 3
    assert found["weighbridge_look_up_seconds_bucket", "+Inf"] == before + 3


def test_only_for_whoever_knows_the_token(settings: Any) -> None:
    assert told(None).status_code == told("wrong").status_code == 401
    settings.WEIGHBRIDGE_METRICS_TOKEN = ""
    assert told("").status_code == 404


def test_it_costs_a_few_questions_however_much_there_is() -> None:
    told()
    with CaptureQueriesContext(connection) as asked:
        told()
    assert len(asked) <= 12
