"""What a broker is told and when; without one nothing of it is even imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import registry as r
from django.db import transaction
from django.utils import timezone

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.broker import announcing, queues, reconciling
from weighbridge.platform.environment import ConfigurationError, Environment
from weighbridge.platform.scans import services
from weighbridge.platform.scans.models import Scan

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """Takes messages, or is silent."""

    def __init__(self) -> None:
        self.messages: list[int] = []
        self.silent = False

    def publish(self, number: int, priority: int) -> bool:
        if not self.silent:
            self.messages.append(number)
        return not self.silent

    def depth(self, name: str) -> int | None:
        return None if self.silent else len(self.messages)


@pytest.fixture
def broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    settings.WEIGHBRIDGE_BROKER_URL = "amqp://guest@127.0.0.1:9//"
    fake = Broker()
    monkeypatch.setattr(announcing, "publish", fake.publish)
    monkeypatch.setattr(reconciling, "depth", fake.depth)
    yield fake


def queued(priority: int = -5) -> Scan:
    with transaction.atomic():
        return services.enqueue("tests", Scan(kind="hub", target="hf://a/b", priority=priority))


def long_ago(scan: Scan) -> None:
    Scan.objects.filter(pk=scan.pk).update(published_at=timezone.now() - timedelta(hours=1))


def test_without_a_broker_celery_is_not_imported() -> None:
    code = "import sys, django; django.setup(); import weighbridge.platform.commands.worker;"
    code += "import weighbridge.platform.broker.reconciling as one; one.reconcile();"
    code += "print([m for m in sys.modules if m.split('.')[0] in ('celery', 'kombu', 'amqp')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_broker_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="amqp://"):
        Environment({"WEIGHBRIDGE_BROKER_URL": "redis://127.0.0.1"}).broker()


def test_people_do_not_wait_behind_a_whole_hub() -> None:
    assert queues.queue_of(0) == queues.queue_of(5) == "interactive"
    assert queues.queue_of(-1) == "bulk"


def test_the_message_follows_the_commit(broker: Broker) -> None:
    with transaction.atomic():
        scan = services.enqueue("tests", Scan(kind="hub", target="hf://a/b"))
        assert broker.messages == []
    assert broker.messages == [scan.pk]
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.enqueue("tests", Scan(kind="hub", target="hf://a/c"))
        raise ZeroDivisionError
    assert broker.messages == [scan.pk]


def test_a_silent_broker_stops_nobody_and_is_told_later(broker: Broker) -> None:
    broker.silent = True
    scan = queued()
    assert Scan.objects.get().published_at is None
    assert reconciling.reconcile() == 0
    broker.silent = False
    assert reconciling.reconcile() == 1
    assert broker.messages == [scan.pk]
    assert reconciling.reconcile() == 0


def test_what_was_lost_is_sent_again_and_what_waits_is_not(broker: Broker) -> None:
    scan = queued()
    long_ago(scan)
    assert reconciling.reconcile() == 0
    broker.messages.clear()
    assert reconciling.reconcile() == 1
    assert broker.messages == [scan.pk]


def test_a_message_from_the_future_is_one_of_a_clock_that_was_set_back(broker: Broker) -> None:
    scan = queued()
    broker.messages.clear()
    Scan.objects.update(published_at=timezone.now() + timedelta(days=1))
    assert reconciling.reconcile() == 1
    assert broker.messages == [scan.pk]


def test_a_retry_is_announced_when_it_is_due(broker: Broker) -> None:
    queued()
    scan = services.claim("w")
    assert scan is not None
    broker.messages.clear()
    services.fail(scan, "no answer", transient=True)
    assert reconciling.reconcile() == 0
    Scan.objects.update(not_before=timezone.now())
    assert reconciling.reconcile() == 1


def test_what_a_stopping_worker_gives_back_costs_no_attempt(broker: Broker) -> None:
    queued()
    scan = services.claim("w")
    assert scan is not None
    broker.messages.clear()
    scan = services.release(scan, "the worker was told to stop")
    assert (scan.state, scan.attempts, scan.lease_until) == ("queued", 0, None)
    assert broker.messages == [scan.pk]


def test_sent_back_by_a_person_it_is_announced(broker: Broker, settings: Any) -> None:
    settings.WEIGHBRIDGE_SCAN_ATTEMPTS = 1
    queued()
    scan = services.claim("w")
    assert scan is not None
    assert services.fail(scan, "no answer", transient=True).state == "parked"
    broker.messages.clear()
    services.requeue(r.person("lea", Role.LEAD), scan.pk)
    assert broker.messages == [scan.pk]


def test_a_lease_beyond_all_leases_is_one_of_a_clock_that_was_set_back() -> None:
    queued()
    scan = services.claim("w")
    assert scan is not None
    Scan.objects.update(lease_until=timezone.now() + timedelta(days=1))
    assert services.reclaim() == 1


def test_queues_are_declared_as_quorum_queues_with_an_end_for_poison() -> None:
    for name in queues.NAMES:
        arguments = queues.declared(name).queue_arguments
        assert arguments["x-queue-type"] == "quorum"
        assert arguments["x-delivery-limit"] == queues.DELIVERIES
        assert arguments["x-dead-letter-exchange"] == queues.dead().exchange.name
        assert "x-max-priority" not in arguments
