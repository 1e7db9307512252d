"""Several workers at one hub: content is fetched once, and its pauses hold for all."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import registry as r
from django.db import transaction
from django.utils import timezone
from together import at_once

from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.platform import hub_pace
from weighbridge.platform.scans import running, services
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.models import HubPause, InFlight, Scan
from weighbridge.sources import patience
from weighbridge.sources.patience import RateLimited

pytestmark = pytest.mark.django_db(transaction=True)


def queued(target: str) -> Scan:
    with transaction.atomic():
        return services.enqueue("tests", Scan(kind="hub", target=target, priority=-5))


def claimed(target: str = "hf://org/net", worker: str = "w") -> Scan:
    scan = services.claim(worker, queued(target).pk)
    assert scan is not None
    return scan


def fork(hub: LoopbackHub, name: str, **files: bytes) -> None:
    contents = {f"{path}.pkl": Content(data, lfs=True) for path, data in files.items()}
    hub.add(Repository(name, contents))


def fetches(hub: LoopbackHub) -> set[str]:
    return {one.path for one in hub.requests("/resolve/")}


def test_forks_that_arrive_together_are_fetched_once(hub: LoopbackHub) -> None:
    hub.latency = 0.1
    for number in range(6):
        fork(hub, f"org/fork{number}", a=r.infected("fork"), b=r.infected("other"))
    scans = [claimed(f"hf://org/fork{number}", f"w{number}") for number in range(6)]
    done = at_once([lambda scan=scan: running.run(scan) for scan in scans])
    assert [one.state for one in done] == ["done"] * 6  # type: ignore[union-attr]
    assert [one.verdict for one in done] == ["malicious"] * 6  # type: ignore[union-attr]
    assert len(fetches(hub)) == 2
    assert not InFlight.objects.exists()


def test_the_same_twice_in_one_model_is_fetched_once(hub: LoopbackHub) -> None:
    fork(hub, "org/net", a=r.infected("same"), b=r.infected("same"))
    scan = running.run(claimed())
    assert (scan.state, scan.files_done) == ("done", 2)
    assert len(fetches(hub)) == 1


def test_what_a_lost_worker_had_is_free_again() -> None:
    first, second = claimed("hf://a/b"), claimed("hf://a/c")
    assert Taken(first, {}).take({"x", "y"}) == {"x", "y"}
    assert Taken(second, {}).take({"y", "z"}) == {"z"}
    Scan.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert Taken(second, {}).take({"y", "z"}) == {"y"}


def test_another_attempt_of_the_same_scan_takes_it_up() -> None:
    scan = claimed()
    assert Taken(scan, {}).take({"x"}) == {"x"}
    services.release(scan, "stopped")
    again = services.claim("other", scan.pk)
    assert again is not None
    Scan.objects.filter(pk=scan.pk).update(attempts=2)
    again.refresh_from_db()
    assert Taken(again, {}).take({"x"}) == {"x"}


def test_of_many_who_take_the_same_one_gets_it() -> None:
    scans = [claimed(f"hf://a/m{number}") for number in range(8)]
    keys = {f"k{number}" for number in range(20)}
    results = at_once([lambda scan=scan: Taken(scan, {}).take(keys) for scan in scans])
    got = [key for one in results if isinstance(one, set) for key in one]
    assert sorted(got) == sorted(keys)


def test_a_hub_that_wants_a_pause_costs_no_attempt(hub: LoopbackHub) -> None:
    fork(hub, "org/net", a=r.harmless())
    hub.faults.limited, hub.faults.limited_seconds = 1, 600
    scan = running.run(claimed())
    assert (scan.state, scan.attempts) == ("queued", 0), scan.error
    assert scan.not_before is not None
    assert timedelta(minutes=9) < scan.not_before - timezone.now() < timedelta(minutes=11)
    assert services.claim("w") is None
    asked = len(hub.log)
    scan = running.run(claimed())
    assert (scan.state, scan.attempts) == ("queued", 0)
    assert len(hub.log) == asked, "the second worker knows it from the first"


def test_a_pause_is_for_all_processes_and_for_one_hub() -> None:
    HubPause.objects.create(
        origin="https://hub.example:443/api", until=timezone.now() + timedelta(minutes=5)
    )
    pace = hub_pace.SharedPace()
    with pytest.raises(RateLimited) as raised:
        pace.wait("https://hub.example/api/models", time.monotonic() + 1000)
    assert raised.value.until is not None
    pace.wait("https://hub.example/org/net/resolve/main/a.pkl", time.monotonic() + 1)
    pace.wait("https://other.example/api/models", time.monotonic() + 1)


def test_a_pause_beyond_all_pauses_is_one_of_a_clock_that_was_set_back() -> None:
    HubPause.objects.create(
        origin="https://hub.example:443", until=timezone.now() + timedelta(days=1)
    )
    assert hub_pace.SharedPace().until("https://hub.example") is None


def test_bytes_that_a_hub_owes_are_asked_for_again_before_that_is_the_result(
    hub: LoopbackHub, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_sleep", lambda seconds, stopped: None)
    settings.WEIGHBRIDGE_SCAN_ATTEMPTS = 2
    fork(hub, "org/net", a=r.harmless())
    hub.faults.broken = 10**6
    scan = running.run(claimed())
    assert (scan.state, scan.attempts) == ("queued", 1)
    assert "could not be read" in scan.error
    Scan.objects.update(not_before=None)
    again = services.claim("w", scan.pk)
    assert again is not None
    scan = running.run(again)
    assert (scan.state, scan.verdict) == ("done", "inconclusive")
