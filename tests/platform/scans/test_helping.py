"""A model of many files is read by several workers, each file once, and one of them judges it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import registry as r
from django.db import transaction
from django.utils import timezone
from together import at_once

from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.platform.broker import announcing, queues
from weighbridge.platform.cases.models import Case
from weighbridge.platform.catalog.models import ModelFile
from weighbridge.platform.scans import helping, running, services
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.models import InFlight, Scan
from weighbridge.platform.scans.reader import Reader

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The messages that a broker would have been told."""
    settings.WEIGHBRIDGE_BROKER_URL = "amqp://guest@127.0.0.1:9//"
    messages: list[tuple[int, str]] = []

    def publish(number: int, priority: int, task: str = queues.TASK) -> bool:
        messages.append((number, task))
        return True

    monkeypatch.setattr(announcing, "publish", publish)
    return messages


def wide(hub: LoopbackHub, files: int, name: str = "org/wide") -> None:
    contents = {
        f"part-{number:03}.pkl": Content(r.infected(f"part {number}"), lfs=True)
        for number in range(files)
    }
    hub.add(Repository(name, contents))


def claimed(name: str = "org/wide") -> Scan:
    with transaction.atomic():
        row = services.enqueue("tests", Scan(kind="hub", target=f"hf://{name}", priority=-5))
    scan = services.claim("w", row.pk)
    assert scan is not None
    return scan


def begun(hub: LoopbackHub, files: int) -> Scan:
    """A scan that its worker has listed, and then got no further with."""
    wide(hub, files)
    scan = claimed()
    answers = iter([False, False])
    running.run(scan, lambda: next(answers, True))
    scan = services.claim("w", scan.pk)  # type: ignore[assignment]
    assert scan.version is not None
    return scan


def fetched(hub: LoopbackHub) -> list[str]:
    return sorted({one.path for one in hub.requests("/resolve/")})


def test_help_is_asked_for_where_it_pays(told: list[tuple[int, str]]) -> None:
    scan = claimed()
    told.clear()
    assert [helping.ask_for_help(scan, unread) for unread in (0, 3, 64)] == [0, 0, 0]
    assert helping.ask_for_help(scan, 65) == 1
    assert helping.ask_for_help(scan, 10**6) == helping.MOST
    assert set(told) == {(scan.pk, queues.HELP)}


def test_without_a_broker_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "publish", lambda *_: pytest.fail("told"))
    assert helping.ask_for_help(claimed(), 1000) == 0


def test_a_scan_of_many_files_asks_when_it_knows_them(
    hub: LoopbackHub, told: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helping, "FILES", 4)
    wide(hub, 9)
    scan = running.run(claimed())
    assert (scan.state, scan.verdict) == ("done", "malicious")
    assert told.count((scan.pk, queues.HELP)) == 2


def test_helpers_and_the_scan_share_the_files_out(hub: LoopbackHub) -> None:
    hub.latency = 0.02
    scan = begun(hub, 60)
    hub.log.clear()
    results = at_once(
        [
            lambda: running.run(scan).files_done,
            lambda: helping.lend_a_hand(scan.pk),
            lambda: helping.lend_a_hand(scan.pk),
        ]
    )
    assert results[0] == 60
    assert all(isinstance(one, int) and one > 0 for one in results), results
    scan.refresh_from_db()
    assert (scan.state, scan.verdict, scan.files_done) == ("done", "malicious", 60)
    counts = [one.path for one in hub.requests("/resolve/")]
    assert len(set(counts)) == 60
    assert not InFlight.objects.exists()
    assert scan.version is not None
    assert scan.version.files.count() == 60
    assert Case.objects.count() == 60


def test_a_helper_alone_reads_everything_and_ends_nothing(hub: LoopbackHub) -> None:
    scan = begun(hub, 20)
    assert helping.lend_a_hand(scan.pk) == 20
    scan.refresh_from_db()
    assert scan.state == "running"
    before = len(fetched(hub))
    scan = running.run(scan)
    assert (scan.state, scan.verdict) == ("done", "malicious")
    assert len(fetched(hub)) == before == 20


@pytest.mark.parametrize("state", ["queued", "done", "cancelled"])
def test_a_scan_that_does_not_run_needs_no_help(hub: LoopbackHub, state: str) -> None:
    scan = begun(hub, 3)
    Scan.objects.filter(pk=scan.pk).update(state=state)
    hub.log.clear()
    assert helping.lend_a_hand(scan.pk) == 0
    assert helping.lend_a_hand(scan.pk + 1) == 0
    assert not hub.log


def test_a_model_that_has_changed_meanwhile_is_read_as_it_was_listed(hub: LoopbackHub) -> None:
    scan = begun(hub, 3)
    wide(hub, 5)
    assert helping.lend_a_hand(scan.pk) == 0, "the hub has forgotten that revision"
    assert not scan.version.files.exists()  # type: ignore[union-attr]


def test_a_helper_stops_when_the_attempt_that_it_helps_is_over(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = begun(hub, 30)
    keep = Taken.keep

    def lost(taken: Taken) -> bool:
        Scan.objects.filter(pk=scan.pk).update(attempts=7)
        return keep(taken)

    monkeypatch.setattr(Taken, "keep", lost)
    assert helping.lend_a_hand(scan.pk) == 0


def test_what_a_helper_took_is_free_when_it_is_silent_or_its_scan_is_over() -> None:
    scan, other = claimed("a/b"), claimed("a/c")
    helper = Taken(scan, {}, "one")
    assert helper.take(["x", "y"]) == {"x", "y"}
    assert Taken(scan, {}).take(["x"]) == set()
    assert Taken(scan, {}, "two").take(["x"]) == set()
    assert helper.keep()
    InFlight.objects.filter(key="x").update(lease_until=timezone.now() - timedelta(seconds=1))
    assert Taken(scan, {}).take(["x", "y"]) == {"x"}
    far = timezone.now() + timedelta(days=1)
    InFlight.objects.filter(key="y").update(lease_until=far)
    assert Taken(other, {}).take(["x", "y"]) == {"y"}, "a clock was set back"
    assert Taken(scan, {}, "three").take(["z"]) == {"z"}
    Scan.objects.filter(pk=scan.pk).update(state="queued", worker="", lease_until=None)
    assert Taken(other, {}).take(["z"]) == {"z"}


def test_no_more_is_taken_than_was_asked_for() -> None:
    first, second = Taken(claimed("a/b"), {}), Taken(claimed("a/c"), {})
    keys = [f"k{number}" for number in range(10)]
    assert first.take(keys, 4) == set(keys[:4])
    assert second.take(keys, 4) == set(keys[4:8])
    assert first.take(keys, 4) == set(keys[8:])


def test_a_scan_whose_time_is_over_goes_on_where_it_ended(hub: LoopbackHub) -> None:
    wide(hub, 40)
    scan = claimed()

    def late() -> bool:
        return len(fetched(hub)) > 20

    scan = running.run(scan, late=late)
    assert (scan.state, scan.attempts) == ("queued", 0), scan.error
    again = services.claim("w", scan.pk)
    assert again is not None
    scan = running.run(again)
    assert (scan.state, scan.files_done) == ("done", 40)
    assert len(fetched(hub)) == 40


def test_a_time_in_which_nothing_was_read_is_an_attempt(hub: LoopbackHub) -> None:
    wide(hub, 3)
    scan = running.run(claimed(), late=lambda: True)
    assert (scan.state, scan.attempts) == ("queued", 1)
    assert "no file was read" in scan.error


def test_a_helper_goes_on_beyond_what_others_have_read_meanwhile(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = begun(hub, 80)
    read = Reader.read
    others: list[int] = []

    def interrupted(self: Reader, entries: Any) -> Any:
        if not others:
            others.append(0)
            others[0] = helping.lend_a_hand(scan.pk, lambda: ModelFile.objects.count() >= 20)
        return read(self, entries)

    monkeypatch.setattr(Reader, "read", interrupted)
    own = helping.lend_a_hand(scan.pk)
    assert others[0] >= 16
    assert own + others[0] >= 80
    assert len(fetched(hub)) == 80


def test_nothing_is_left_of_workers_that_were_lost(hub: LoopbackHub) -> None:
    scan = begun(hub, 3)
    Taken(scan, {}).take(["read", "not read"])
    Taken(scan, {}, "helper").take(["helped"])
    Scan.objects.filter(pk=scan.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.reclaim() == 1
    assert not InFlight.objects.exists()
    again = services.claim("w", scan.pk)
    assert again is not None
    Taken(again, {}, "lost helper").take(["stored and not given back"])
    assert running.run(again).state == "done"
    assert not InFlight.objects.exists()
