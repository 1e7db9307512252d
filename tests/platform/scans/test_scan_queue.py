"""The queue of scans: who gets one, what happens when they are not heard of again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import registry as r
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from together import at_once

from weighbridge.errors import TargetError, WorkerError
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.audit.models import Event
from weighbridge.platform.scans import running, selectors, services, uploads
from weighbridge.platform.scans.models import Scan, Upload
from weighbridge.platform.scans.targets import spool
from weighbridge.platform.scans.transitions import STEPS, transition

pytestmark = pytest.mark.django_db(transaction=True)


def queued(count: int = 1, priority: int = 0) -> list[Scan]:
    with transaction.atomic():
        return [
            services.enqueue("schedule", Scan(kind="hub", target=f"hf://{n}", priority=priority))
            for n in range(count)
        ]


def lost(scan: Scan) -> None:
    Scan.objects.filter(pk=scan.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("state", "queued running done failed parked cancelled".split())
def test_a_step_is_taken_from_its_own_states_only(state: str, step: str) -> None:
    (scan,) = queued()
    lease = timezone.now() if state == "running" else None
    Scan.objects.update(state=state, worker="w", lease_until=lease)
    scan.refresh_from_db()
    with transaction.atomic():
        if state in STEPS[step][0]:
            columns = {"lease_until": timezone.now()} if step == "claim" else {}
            assert transition(scan, step, "test", **columns).state == STEPS[step][1]
        else:
            with pytest.raises(Conflict):
                transition(scan, step, "test")


def test_higher_priority_first_then_the_oldest() -> None:
    first, second = queued(2)
    (urgent,) = queued(1, priority=5)
    taken = [services.claim("w") for _ in range(4)]
    assert taken == [urgent, first, second, None]


def test_twenty_workers_never_get_the_same() -> None:
    scans = queued(15)
    results = at_once([lambda n=n: services.claim(f"w{n}") for n in range(20)])
    taken = [one.pk for one in results if isinstance(one, Scan)]
    assert sorted(set(taken)) == sorted(taken)
    rest = []
    while (scan := services.claim("late")) is not None:
        rest.append(scan.pk)
    assert sorted(taken + rest) == [scan.pk for scan in scans]


def test_a_message_names_one_row_and_a_second_one_finds_nothing() -> None:
    _, second = queued(2)
    assert services.claim("w", second.pk) == second
    assert services.claim("w", second.pk) is None


def test_a_lost_lease_goes_back_to_the_queue_and_its_worker_may_not_write() -> None:
    queued()
    scan = services.claim("w1")
    assert scan is not None
    assert services.reclaim() == 0
    lost(scan)
    assert services.reclaim() == 1
    again = services.claim("w2")
    assert again is not None
    assert again.attempts == 2
    assert not services.heartbeat(scan)
    with pytest.raises(Conflict):
        services.advance(scan, 1, 1)
    with pytest.raises(Conflict):
        services.finish(scan, "clean")
    assert services.heartbeat(again)


def test_transient_errors_are_tried_again_later_then_parked_with_their_reason(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEIGHBRIDGE_SCAN_ATTEMPTS = 2
    queued()

    def broken(scan: Scan) -> None:
        raise WorkerError("no worker process could be started")

    monkeypatch.setattr(running, "find", broken)
    scan = services.claim("w")
    assert scan is not None
    scan = running.run(scan)
    assert scan.state == "queued"
    assert services.claim("w") is None
    Scan.objects.update(not_before=None)
    scan = services.claim("w")
    assert scan is not None
    scan = running.run(scan)
    assert (scan.state, scan.attempts) == ("parked", 2)
    assert "no worker process" in scan.error
    lea = r.person("lea", Role.LEAD)
    assert services.requeue(lea, scan.pk).state == "queued"


def test_what_cannot_be_scanned_fails_at_once() -> None:
    queued()
    Scan.objects.update(kind="path", target="/nowhere")
    scan = services.claim("w")
    assert scan is not None
    scan = running.run(scan)
    assert (scan.state, scan.attempts) == ("failed", 1)
    assert scan.error


def test_a_running_scan_has_a_worker_and_a_lease() -> None:
    queued()
    with pytest.raises(IntegrityError), transaction.atomic():
        Scan.objects.update(state="running")


def test_who_may_ask_and_who_may_see(tmp_path: Path, settings: Any) -> None:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    eve, other = r.person("eve", Role.SUBMITTER), r.person("other", Role.SUBMITTER)
    scan = services.request(eve, "path", str(tmp_path))
    with pytest.raises(PermissionDenied):
        services.request(r.person("reader", Role.READER), "path", str(tmp_path))
    assert list(selectors.visible_to(eve)) == [scan]
    assert not selectors.visible_to(other).exists()
    with pytest.raises(NotFound):
        services.cancel(other, scan.pk)
    assert services.cancel(eve, scan.pk).state == "cancelled"
    assert list(Event.objects.values_list("action", flat=True)) == ["scan-request", "scan-cancel"]


@pytest.mark.parametrize(
    "path", ["/etc", "/", "..", "", "relative", "\0", "{root}/../other", "{root}/link", "{root}x"]
)
def test_paths_lie_below_an_allowed_folder_links_resolved(
    path: str, tmp_path: Path, settings: Any
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "rootx").mkdir()
    (root / "link").symlink_to(tmp_path / "other")
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [root]
    with pytest.raises(TargetError, match="not below"):
        services.request(r.person("ada"), "path", path.replace("{root}", str(root)))
    assert not Scan.objects.exists()


def test_no_path_is_allowed_by_default(tmp_path: Path) -> None:
    with pytest.raises(TargetError):
        services.request(r.person("ada"), "path", str(tmp_path))


# -- uploads -------------------------------------------------------------------------------------


def left_behind() -> list[Path]:
    return list(spool().iterdir())


def test_an_upload_is_private_and_gone_after_its_scan() -> None:
    before = set(left_behind())
    eve = r.person("eve", Role.SUBMITTER)
    scan = r.upload(eve, "../../evil.pkl", b"\x80\x04", b"}.")
    (place,) = set(left_behind()) - before
    assert place.stat().st_mode & 0o777 == 0o600
    assert spool().stat().st_mode & 0o777 == 0o700
    upload = Upload.objects.get(scan=scan)
    assert (upload.name, upload.size) == ("evil.pkl", 4)
    assert uploads.used(eve) == 4
    assert [one.state for one in r.work()] == ["done"]
    assert not place.exists()
    assert uploads.used(eve) == 0


def test_a_cancelled_upload_is_deleted() -> None:
    before = set(left_behind())
    eve = r.person("eve", Role.SUBMITTER)
    services.cancel(eve, r.upload(eve, "a.pkl", b"x").pk)
    assert set(left_behind()) == before


@pytest.mark.parametrize(
    ("setting", "word"),
    [("WEIGHBRIDGE_UPLOAD_MAX_BYTES", "larger"), ("WEIGHBRIDGE_UPLOAD_QUOTA_BYTES", "quota")],
)
def test_too_much_leaves_nothing_behind(setting: str, word: str, settings: Any) -> None:
    before = set(left_behind())
    setattr(settings, setting, 5)
    with pytest.raises(Refused, match=word):
        r.upload(r.person("eve", Role.SUBMITTER), "a.pkl", b"123", b"456")
    assert set(left_behind()) == before
    assert not Scan.objects.exists()


def test_a_connection_that_breaks_leaves_nothing_behind() -> None:
    before = set(left_behind())

    def chunks() -> Any:
        yield b"123"
        raise ConnectionResetError

    with pytest.raises(Refused):
        uploads.receive(r.person("eve", Role.SUBMITTER), "a.pkl", chunks())
    assert set(left_behind()) == before


def test_what_no_row_speaks_of_is_swept() -> None:
    (spool() / "stray").write_bytes(b"x")
    kept = r.upload(r.person("eve", Role.SUBMITTER), "a.pkl", b"x")
    assert uploads.sweep(older_seconds=3600) == 0
    assert uploads.sweep(older_seconds=-1) >= 1
    assert (spool() / kept.upload.spool).exists()
    r.work()
