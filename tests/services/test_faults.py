"""Work goes on whatever is killed, stopped or wiped, and is done once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from builders import pickles as p
from hub.content import Content, Repository
from services.platform import Platform
from services.servers import eventually

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nothing_goes_on(platform: Platform) -> Iterator[None]:
    """What a test that failed left running would do the work of the next one."""
    yield
    platform.end()


def infected(argument: str) -> bytes:
    """Calls a shell when it is unpickled, which nobody does."""
    body = p.stack_global("os", "system") + p.short_text(argument) + p.TUPLE1 + p.REDUCE
    return p.proto(4) + body + p.STOP


def holds(word: str, count: int) -> None:
    """What has to be true of models afterwards, whatever happened."""
    from weighbridge.platform.audit import chain
    from weighbridge.platform.cases.models import Case, Occurrence
    from weighbridge.platform.catalog.models import ModelVersion
    from weighbridge.platform.scans.models import ArtifactReport, InFlight, Scan

    versions = ModelVersion.objects.filter(model__name__startswith=f"{word}/")
    assert versions.count() == count
    assert set(versions.values_list("status", flat=True)) == {"suspected"}
    for version in versions:
        assert version.files.count() == 2
    pickles = ArtifactReport.objects.filter(artifact__files__version__in=versions, current=True)
    artifacts = pickles.filter(verdict="malicious").values("artifact").distinct()
    assert artifacts.count() == 1
    cases = Case.objects.filter(occurrences__artifact__in=artifacts).distinct()
    assert cases.count() == 1
    assert Occurrence.objects.filter(case=cases.get()).count() == 1
    assert not Scan.objects.filter(state="running").exists()
    assert not InFlight.objects.exists()
    assert chain.verify().ok
    numbers_follow()


def numbers_follow() -> int:
    """No number of an advisory is there twice or left out; returns how many there are."""
    from weighbridge.platform.advisories.models import Advisory

    given = sorted(Advisory.objects.values_list("kind", "year", "number"))
    for key in {(kind, year) for kind, year, _ in given}:
        some = [number for kind, year, number in given if (kind, year) == key]
        assert some == list(range(1, len(some) + 1)), key
    return len(given)


def test_a_message_brings_a_scan_to_a_worker(platform: Platform) -> None:
    numbers = platform.enqueue(platform.models("plain", 3, infected("plain")))
    urgent = platform.enqueue(platform.models("urgent", 1, infected("urgent")), priority=0)
    bulk, interactive = platform.worker(), platform.worker("interactive")
    platform.all_done(numbers + urgent)
    holds("plain", 3)
    assert platform.stop(bulk) == 0
    assert platform.stop(interactive) == 0


def test_workers_are_killed_again_and_again(platform: Platform) -> None:
    numbers = platform.enqueue(platform.models("killed", 12, infected("killed")))
    keeper = platform.keeper()
    workers = [platform.worker() for _ in range(2)]
    for turn in range(4):
        before = platform.done(numbers)
        eventually(lambda: platform.done(numbers) > before, "something is done")  # noqa: B023
        if before + 1 >= len(numbers):
            break
        platform.kill(workers.pop(0))
        workers.append(platform.worker())
        if turn == 1:  # Whoever repairs may be lost as well.
            platform.kill(keeper)
            keeper = platform.keeper()
    platform.all_done(numbers)
    for process in (*workers, keeper):
        platform.kill(process)
    holds("killed", 12)


def test_a_worker_that_is_told_to_stop_gives_its_scan_back(platform: Platform) -> None:
    from weighbridge.platform.scans.models import Scan

    platform.hub.latency = 0.7
    numbers = platform.enqueue(platform.models("stopped", 1, infected("stopped")))
    worker = platform.worker()
    scan = Scan.objects.filter(pk=numbers[0])
    try:
        eventually(lambda: scan.filter(state="running").exists(), "it is running")
        assert platform.stop(worker) == 0
        assert scan.values_list("state", "attempts").get() == ("queued", 0)
    finally:
        platform.hub.latency = 0
    worker = platform.worker()
    platform.all_done(numbers)
    platform.kill(worker)
    holds("stopped", 1)


def test_the_broker_stops_and_starts_and_forgets_everything(platform: Platform) -> None:
    keeper, worker = platform.keeper(), platform.worker()
    numbers = platform.enqueue(platform.models("broker-a", 6, infected("broker-a")))
    platform.broker.stop()
    numbers += platform.enqueue(platform.models("broker-b", 4, infected("broker-b")))
    platform.broker.start()
    platform.all_done(numbers)
    platform.kill(worker)
    lost = platform.enqueue(platform.models("broker-c", 4, infected("broker-c")))
    platform.broker.stop()
    platform.broker.wipe()
    platform.broker.start()
    worker = platform.worker()
    platform.all_done(lost)
    for process in (worker, keeper):
        platform.kill(process)
    for word, count in (("broker-a", 6), ("broker-b", 4), ("broker-c", 4)):
        holds(word, count)


def test_the_database_restarts(platform: Platform) -> None:
    keeper, worker = platform.keeper(), platform.worker()
    numbers = platform.enqueue(platform.models("database", 8, infected("database")))
    eventually(lambda: platform.done(numbers), "something is done")
    platform.database.stop("immediate")
    time.sleep(3)
    platform.database.start()
    platform.all_done(numbers)
    for process in (worker, keeper):
        assert process.poll() is None, platform.said()
        platform.kill(process)
    holds("database", 8)


def test_no_number_is_given_twice_whatever_becomes_of_issuers_and_database(
    platform: Platform,
) -> None:
    from django.db import DatabaseError, connection

    from weighbridge.platform.accounts.models import User
    from weighbridge.platform.audit import chain

    User.objects.create(username="issuer", role="lead")

    def at_least(count: int) -> bool:
        try:
            return numbers_follow() >= count
        except DatabaseError:
            connection.close()
            return False

    first, second, third = (platform.issuer(60) for _ in range(3))
    eventually(lambda: at_least(15), "15 advisories are issued")
    platform.kill(first)
    platform.database.stop("immediate")
    time.sleep(1)
    platform.database.start()
    fourth = platform.issuer(60)
    eventually(lambda: at_least(40), "40 advisories are issued")
    platform.kill(second)
    assert third.wait(120) == fourth.wait(120) == 0
    connection.close()
    assert numbers_follow() >= 120
    assert chain.verify().ok


def test_the_hub_is_overloaded_broken_and_silent(platform: Platform) -> None:
    keeper, worker = platform.keeper(), platform.worker()
    faults = platform.hub.faults
    faults.limited, faults.limited_seconds = 2, 4
    faults.broken = 8
    faults.drip_headers = 0.5
    numbers = platform.enqueue(platform.models("hub", 5, infected("hub")))
    time.sleep(12)
    faults.drip_headers = 0.0
    platform.all_done(numbers)
    for process in (worker, keeper):
        platform.kill(process)
    holds("hub", 5)


def test_the_clock_jumps(platform: Platform) -> None:
    """Rows are left as a worker and a keeper leave them whose clock was a day ahead."""
    from django.utils import timezone

    from weighbridge.platform.scans.models import Scan

    ahead = timezone.now() + timedelta(days=1)
    numbers = platform.enqueue(platform.models("clock", 3, infected("clock")))
    first, second, third = (Scan.objects.filter(pk=number) for number in numbers)
    first.update(state="running", worker="lost", lease_until=ahead, attempts=1)
    second.update(published_at=ahead)
    third.update(published_at=timezone.now() - timedelta(days=1))
    platform.broker.stop()
    platform.broker.wipe()
    platform.broker.start()
    keeper, worker = platform.keeper(), platform.worker()
    platform.all_done(numbers)
    for process in (worker, keeper):
        platform.kill(process)
    holds("clock", 3)


def test_two_monitors_and_two_keepers_watch_the_same(platform: Platform) -> None:
    from weighbridge.platform.monitors import services
    from weighbridge.platform.monitors.models import Monitor
    from weighbridge.platform.monitors.wanted import Wanted
    from weighbridge.platform.scans.models import Scan

    platform.models("watched", 12, infected("watched"))
    platform.hub.faults.list_page = 3
    for _ in range(2):
        services.create("huggingface", "backfill", Wanted(author="watched"))
    processes = [platform.keeper(), platform.keeper(), platform.worker(), platform.worker()]
    done = Monitor.objects.filter(state="done")
    eventually(lambda: done.count() == 2, "both lists are gone through")
    scans = Scan.objects.filter(target__startswith="hf://watched/")
    platform.all_done(list(scans.values_list("pk", flat=True)))
    for process in processes:
        platform.kill(process)
    assert scans.count() == 12
    holds("watched", 12)
    contents = {one.path for one in platform.hub.log if "watched" in one.path and "pkl" in one.path}
    assert len(contents) == 1, "one of twelve forks is fetched, and speaks for all"


def test_many_files_are_read_by_several_workers_of_whom_some_are_killed(
    platform: Platform,
) -> None:
    from weighbridge.platform.catalog.models import ModelFile
    from weighbridge.platform.scans.models import InFlight

    files = {
        f"part-{number:03}.pkl": Content(infected(f"wide {number}"), lfs=True)
        for number in range(260)
    }
    platform.hub.add(Repository("wide/model", files))
    platform.hub.log.clear()
    platform.hub.latency = 0.1
    workers = [platform.worker() for _ in range(3)]
    keeper = platform.keeper()
    try:
        numbers = platform.enqueue(["hf://wide/model"])
        helped = InFlight.objects.exclude(helper="")
        eventually(helped.exists, "somebody helps")
        stored = ModelFile.objects.filter(version__model__name="wide/model")
        eventually(lambda: stored.count() > 60, "something is read")
        # One of them runs the scan, or helps with it; all that it had is done by the others.
        platform.kill(workers.pop())
        platform.all_done(numbers)
    finally:
        platform.hub.latency = 0
    assert stored.count() == len(files)
    fetches = [one.path for one in platform.hub.requests("/resolve/")]
    assert len(set(fetches)) == len(files)
    assert len(fetches) < len(files) + 80, "only what the lost worker had is read twice"
    assert not InFlight.objects.exists()
    for process in (*workers, keeper):
        platform.kill(process)
