"""Watching hubs: what is new there becomes work once, whatever comes between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from together import at_once

from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.platform import hub_pace
from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.monitors import services
from weighbridge.platform.monitors.models import Monitor, MonitorState, Sighting
from weighbridge.platform.monitors.progress import progress
from weighbridge.platform.monitors.wanted import Wanted
from weighbridge.platform.scans.models import HubPause, Scan
from weighbridge.sources import patience
from weighbridge.sources.access import Access, HubAccess

pytestmark = pytest.mark.django_db(transaction=True)
EVER = datetime(2020, 1, 1, tzinfo=UTC)
SECRET = "a-secret-of-this-hook"


@pytest.fixture
def hub(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    monkeypatch.setattr(patience, "_sleep", lambda seconds, stopped: None)
    with LoopbackHub() as running:
        settings.WEIGHBRIDGE_HUBS = Access(HubAccess(running.url), HubAccess(running.url))
        running.faults.list_page = 2
        yield running


def add(hub: LoopbackHub, name: str, content: bytes = b"1", **about: object) -> str:
    """Put a model at the hub, or change the one that is there; returns its pinned address."""
    hub.add(Repository(name, {"a.pkl": Content(content)}, about=about))
    return f"hf://{name}@{hub.repositories['models', name].commit}"


def day(number: int) -> str:
    return f"2026-03-{number:02}T00:00:00.000Z"


def passed(monitor: Monitor) -> Monitor:
    """Make a monitor go through its list once."""
    Monitor.objects.filter(pk=monitor.pk).update(next_at=timezone.now())
    passes = monitor.passes
    for _ in range(20):
        services.step(monitor.pk)
        monitor.refresh_from_db()
        if monitor.passes > passes:
            return monitor
    raise AssertionError(f"the list does not end: {monitor.error} {monitor.cursor}")


def targets() -> list[str]:
    return list(Scan.objects.order_by("pk").values_list("target", flat=True))


def test_new_and_changed_models_become_scans_of_their_revisions(hub: LoopbackHub) -> None:
    first = [add(hub, f"org/m{n}", lastModified=day(n)) for n in (1, 2, 3)]
    monitor = passed(services.create("huggingface", "watch", Wanted(since=EVER)))
    assert targets() == list(reversed(first))
    assert set(Scan.objects.values_list("priority", flat=True)) == {-5}
    asked = len(hub.requests("/api/models"))
    assert passed(monitor).chosen == 3
    assert len(hub.requests("/api/models")) == asked + 1  # One page: nothing is new.
    changed = add(hub, "org/m1", b"changed", lastModified=day(9))
    passed(monitor)
    assert targets() == [*reversed(first), changed]


def test_without_a_time_a_watch_begins_with_now(hub: LoopbackHub) -> None:
    add(hub, "org/old", lastModified=day(1))
    monitor = passed(services.create("huggingface", "watch", Wanted()))
    later = (timezone.now() + timedelta(minutes=1)).isoformat()
    new = add(hub, "org/new", lastModified=later)
    passed(monitor)
    assert targets() == [new]


def test_a_time_that_is_still_to_come_hides_nothing(hub: LoopbackHub) -> None:
    add(hub, "org/odd", lastModified="2999-01-01T00:00:00.000Z")
    monitor = passed(services.create("huggingface", "watch", Wanted(since=EVER)))
    soon = (timezone.now() + timedelta(seconds=1)).isoformat()
    new = add(hub, "org/new", lastModified=soon)
    passed(monitor)
    assert new in targets()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(author="org"),
        Wanted(tags=("good",)),
        Wanted(library="keras"),
        Wanted(downloads=10),
        Wanted(since=datetime(2026, 3, 5, tzinfo=UTC)),
    ],
)
def test_only_what_is_wanted(hub: LoopbackHub, wanted: Wanted) -> None:
    about: dict[str, Any] = {"tags": ["good", "keras"], "library_name": "keras", "downloads": 10}
    right = add(hub, "org/right", lastModified=day(6), **about)
    add(hub, "other/wrong", lastModified=day(4), downloads=9, library_name="torch")
    passed(services.create("huggingface", "backfill", wanted))
    assert targets() == [right]


def test_a_backfill_goes_by_popularity_and_is_over(hub: LoopbackHub) -> None:
    several = [add(hub, f"org/m{n}", downloads=n) for n in range(5)]
    monitor = passed(services.create("huggingface", "backfill", Wanted(), total=5))
    assert targets() == list(reversed(several))
    assert (monitor.state, monitor.listed, monitor.chosen) == ("done", 5, 5)
    Scan.objects.filter(pk__in=Scan.objects.order_by("pk").values("pk")[:2]).update(
        state="done", finished_at=timezone.now()
    )
    how = progress(monitor)
    assert (how.waiting, how.per_hour) == (3, 2)
    assert how.left == timedelta(hours=1.5)


def test_paused_it_stays_where_it_is_and_goes_on_there(hub: LoopbackHub) -> None:
    for n in range(5):
        add(hub, f"org/m{n}", downloads=n)
    monitor = services.create("huggingface", "backfill", Wanted())
    assert services.step(monitor.pk)
    services.switch(monitor.pk, MonitorState.PAUSED)
    assert services.work() == 0
    assert not services.step(monitor.pk)
    services.switch(monitor.pk, MonitorState.ACTIVE)
    passed(monitor)
    assert len(targets()) == 5
    assert len(hub.requests("/api/models")) == 3
    with pytest.raises(Conflict):
        services.switch(monitor.pk, MonitorState.PAUSED)


def test_whoever_is_lost_in_a_step_is_followed_by_another(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(hub, "org/m")
    monitor = services.create("huggingface", "backfill", Wanted())

    def lost(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(services, "_store", lost)
        services.step(monitor.pk)
    assert not services.step(monitor.pk)
    Monitor.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert services.step(monitor.pk)
    assert len(targets()) == 1


def test_a_clock_that_was_set_back_holds_nobody_up(hub: LoopbackHub) -> None:
    add(hub, "org/m")
    monitor = services.create("huggingface", "backfill", Wanted())
    Monitor.objects.update(holder="lost", held_until=timezone.now() + timedelta(days=1))
    assert services.step(monitor.pk)


def test_monitors_at_the_same_time_make_no_scan_twice(hub: LoopbackHub) -> None:
    hub.faults.list_page = 20
    for n in range(20):
        add(hub, f"org/m{n}", downloads=n)
    several = [services.create("huggingface", "backfill", Wanted()) for _ in range(4)]
    results = at_once([lambda pk=one.pk: services.step(pk) for one in several])
    assert results == [True] * 4
    assert len(targets()) == len(set(targets())) == 20
    assert not Sighting.objects.filter(scan=None).exists()


def test_a_hub_that_fails_is_asked_again_where_it_was(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        add(hub, f"org/m{n}", downloads=n)
    monitor = services.create("huggingface", "backfill", Wanted())
    services.step(monitor.pk)
    hub.faults.limited, hub.faults.limited_seconds = 1, 3600
    assert not services.step(monitor.pk)
    monitor.refresh_from_db()
    assert "until" in monitor.error and monitor.next_at > timezone.now()
    assert HubPause.objects.get().until > timezone.now()
    HubPause.objects.all().delete()  # As if that time had come.
    monkeypatch.setattr(hub_pace, "shared", hub_pace.SharedPace())
    passed(monitor)
    assert (monitor.error, len(targets())) == ("", 4)
    assert len(hub.requests("cursor=2")) == 2


def test_a_list_that_goes_on_elsewhere_is_not_followed(hub: LoopbackHub) -> None:
    for n in range(4):
        add(hub, f"org/m{n}")
    hub.faults.next_page = "http://127.0.0.1:9/api/models?cursor=1"
    monitor = services.create("huggingface", "backfill", Wanted())
    assert not services.step(monitor.pk)
    assert "another address" in Monitor.objects.get().error


def test_enough_that_waits_holds_lists_back(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "WAITING", 2)
    for n in range(4):
        add(hub, f"org/m{n}", downloads=n)
    monitor = services.create("huggingface", "backfill", Wanted())
    assert services.step(monitor.pk)
    assert not services.step(monitor.pk)
    Scan.objects.update(state="done")
    passed(monitor)
    assert len(targets()) == 4


def test_every_variation_of_a_kaggle_model(hub: LoopbackHub) -> None:
    hub.kaggle.about = {"updateTime": day(5)}
    for handle in ("a/x/pyTorch/small/1", "a/x/pyTorch/small/2", "a/x/onnx/big/1", "b/y/keras/k/7"):
        hub.kaggle.add(handle, {"model.pkl": Content(b"1")})
    hub.faults.list_page = 1
    monitor = passed(services.create("kaggle", "backfill", Wanted(author="a")))
    assert set(targets()) == {"kaggle://a/x/pyTorch/small/2", "kaggle://a/x/onnx/big/1"}
    assert monitor.total == 1
    passed(services.create("kaggle", "watch", Wanted(since=EVER)))
    assert len(targets()) == 3


# -- webhooks ------------------------------------------------------------------------------------

COMMIT = "a" * 40


def message(**changes: Any) -> dict[str, Any]:
    given = {
        "event": {"action": "update", "scope": "repo.content"},
        "repo": {"type": "model", "name": "org/net", "headSha": COMMIT},
        "updatedRefs": [{"ref": "refs/heads/main", "oldSha": "b" * 40, "newSha": COMMIT}],
    }
    return {**given, **changes}


def told(body: Any, secret: str | None = SECRET) -> tuple[int, int]:
    headers = {} if secret is None else {"X-Webhook-Secret": secret}
    text = body if isinstance(body, str) else json.dumps(body)
    answer = Client().post(
        "/hooks/huggingface", text, content_type="application/json", headers=headers
    )
    return answer.status_code, Scan.objects.count()


def test_a_hook_makes_one_scan_of_each_new_revision(settings: Any) -> None:
    settings.WEIGHBRIDGE_HUGGINGFACE_WEBHOOK_SECRET = SECRET
    assert told(message()) == (202, 1)
    assert told(message()) == (202, 1)
    assert targets() == [f"hf://org/net@{COMMIT}"]
    refs = [{"ref": "refs/pr/1", "newSha": letter * 40} for letter in "cd"]
    assert told(message(updatedRefs=refs)) == (202, 3)
    assert told(message(updatedRefs=[])) == (202, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": {"action": "delete", "scope": "repo"}},
        {"event": {"action": "create", "scope": "discussion.comment"}},
        {"repo": {"type": "space", "name": "org/net", "headSha": COMMIT}},
        {"repo": {"type": "model", "name": "../net", "headSha": COMMIT}},
        {"updatedRefs": [{"ref": "refs/heads/gone", "newSha": None}]},
        {"updatedRefs": [{"newSha": "main"}]},
        {"event": None, "repo": []},
    ],
)
def test_a_hook_of_anything_else_makes_none(settings: Any, changes: dict[str, Any]) -> None:
    settings.WEIGHBRIDGE_HUGGINGFACE_WEBHOOK_SECRET = SECRET
    assert told(message(**changes)) == (202, 0)


def test_a_hook_needs_its_secret(settings: Any) -> None:
    assert told(message()) == (404, 0)
    settings.WEIGHBRIDGE_HUGGINGFACE_WEBHOOK_SECRET = SECRET
    assert told(message(), None) == (401, 0)
    assert told(message(), "wrong") == (403, 0)
    assert told(message(), "wr\u00f6ng") == (403, 0)
    assert told("[" * 100_000) == (400, 0)
    assert told("x") == (400, 0)
    assert told(" " * (1 << 20) + "{}") == (413, 0)
    assert Client().get("/hooks/huggingface").status_code == 405
