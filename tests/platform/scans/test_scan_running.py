"""Running scans: what is stored, once, however often it is interrupted."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import registry as r
from django.conf import settings as configured
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from weighbridge.platform.audit.chain import verify
from weighbridge.platform.audit.context import request_id
from weighbridge.platform.audit.models import Event
from weighbridge.platform.cases.models import Case, Occurrence
from weighbridge.platform.catalog.models import Artifact, ModelFile, ModelVersion
from weighbridge.platform.commands.worker import Worker
from weighbridge.platform.logs import JsonFormatter
from weighbridge.platform.scans import reader, running, services
from weighbridge.platform.scans.judging import unpacked
from weighbridge.platform.scans.models import ArtifactFacts, ArtifactReport, Scan
from weighbridge.platform.scans.selectors import inconclusive, report_on

pytestmark = pytest.mark.django_db(transaction=True)

FILES = {
    "a/model.pkl": r.infected("one"),
    "b/model.pkl": r.infected("two"),
    "c/copy.pkl": r.infected("one"),
    "config.json": b"{}",
    "weights.pkl": r.harmless(),
}


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    return r.written(tmp_path / "model", FILES)


def scan_of(folder: Path) -> Scan:
    services.request(r.person("ada"), "path", str(folder))
    (scan,) = r.work()
    return scan


def stored() -> dict[str, list[object]]:
    """Everything that a scan writes, without times and keys."""
    return {
        "artifacts": list(Artifact.objects.order_by("key").values_list("key", "format")),
        "files": list(ModelFile.objects.order_by("path").values_list("path", "artifact__key")),
        "reports": list(
            ArtifactReport.objects.order_by("artifact__key").values_list(
                "artifact__key", "verdict", "effective", "current"
            )
        ),
        "cases": list(Case.objects.order_by("behaviour").values_list("behaviour", "state")),
        "places": list(Occurrence.objects.order_by("place").values_list("place", "case__rule")),
        "versions": list(ModelVersion.objects.values_list("revision", "status", "complete")),
    }


def test_a_directory(folder: Path) -> None:
    scan = scan_of(folder)
    assert (scan.state, scan.verdict, scan.files_done, scan.files_total) == (
        "done",
        "malicious",
        5,
        5,
    )
    assert Artifact.objects.count() == 4
    assert Case.objects.count() == 2
    assert Occurrence.objects.count() == 2
    assert scan.version is not None
    entries = report_on(scan.version, evidence=True)
    assert [one["verdict"] for one in entries] == [
        "malicious",
        "malicious",
        "malicious",
        "clean",
        "clean",
    ]
    first, _, copy = entries[:3]
    assert first["findings"][0]["path"] == "a/model.pkl"
    assert first["findings"][0]["fingerprint"] != copy["findings"][0]["fingerprint"]
    assert first["findings"][0]["behaviour"] == copy["findings"][0]["behaviour"]
    assert report_on(scan.version, evidence=False)[0]["findings"][0]["evidence"] == {}


def test_what_is_known_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan_of(folder)
    before = stored()

    def examined(*_: object) -> None:
        raise AssertionError("this content was read before")

    monkeypatch.setattr(reader, "examined", examined)
    assert scan_of(folder).state == "done"
    assert stored() == before


def test_other_rules_judge_stored_facts_without_reading_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_of(folder)
    ArtifactReport.objects.update(rules="older")
    monkeypatch.setattr(reader, "examined", lambda *_: pytest.fail("read again"))
    assert scan_of(folder).state == "done"
    assert ArtifactReport.objects.filter(current=True).exclude(rules="older").count() == 4
    assert ArtifactReport.objects.filter(current=False, rules="older").count() == 4


def test_facts_come_back_as_they_were(folder: Path) -> None:
    scan_of(folder)
    kinds = {
        type(fact).__name__ for row in ArtifactFacts.objects.all() for fact in unpacked(row.blob)
    }
    assert {"Format", "Stream", "Import", "Call"} <= kinds


def test_what_a_lost_worker_left_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from weighbridge.defender import pool
    from weighbridge.defender.process import Answer
    from weighbridge.facts.structure import Gap

    gap = Gap(None, None, "unknown", "worker-timeout", "parsing it did not end in time")
    with monkeypatch.context() as patched:
        patched.setattr(pool.Pool, "examine", lambda *_: Answer((gap,), 0))
        assert scan_of(folder).verdict == "inconclusive"
    assert inconclusive(r.person("ada")).count() == 4
    assert not Case.objects.exists()
    assert ModelVersion.objects.get().status == "not-examined"
    assert scan_of(folder).verdict == "malicious"
    assert ArtifactFacts.objects.filter(settled=True).count() == 4
    assert Case.objects.count() == 2


def test_what_cannot_be_opened_is_never_clean(folder: Path) -> None:
    for name in ("a/model.pkl", "b/model.pkl", "c/copy.pkl"):
        (folder / name).unlink()
    (folder / "broken").symlink_to(folder / "nowhere")
    scan = scan_of(folder)
    assert scan.verdict == "inconclusive"
    assert [note["code"] for note in scan.notes] == ["link-broken"]
    assert ModelVersion.objects.get().status == "not-examined"


def test_hostile_names_are_kept_as_escapes(folder: Path) -> None:
    name = b"bad\xff\n\x1b[31mname.pkl" + b"x" * 200
    (folder / os.fsdecode(name)).write_bytes(r.infected("three"))
    assert scan_of(folder).state == "done"
    assert ModelFile.objects.filter(path__startswith="bad\\udcff").exists()


CHILD = """
import os, signal, sys
os.environ["WEIGHBRIDGE_LOCAL_ROOTS"] = sys.argv[2]
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from weighbridge.platform.scans import assessment, running, services

count = 0
def dying(before):
    def step(*args, **kwargs):
        global count
        count += 1
        if count == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
        return before(*args, **kwargs)
    return step

module, _, name = sys.argv[3].rpartition(":")
owner = {"assessment": assessment, "running": running, "services": services}[module]
setattr(owner, name, dying(getattr(owner, name)))
running.run(services.claim("child"))
"""


@pytest.mark.parametrize(
    ("where", "nth"),
    [
        ("services:advance", 1),
        ("services:advance", 3),
        ("assessment:keep_report", 1),
        ("assessment:settle", 2),
        ("running:record_all", 1),
        ("services:finish", 1),
    ],
)
def test_killed_anywhere_and_run_again_gives_the_same_rows(
    folder: Path, where: str, nth: int
) -> None:
    services.request(r.person("ada"), "path", str(folder))
    name = str(connection.settings_dict["NAME"])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = [sys.executable, "-c", CHILD, name, str(folder), where, str(nth)]
    ended = subprocess.run(child, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    Scan.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.reclaim() == 1
    (scan,) = r.work("another")
    assert (scan.state, scan.attempts) == ("done", 2)
    interrupted = stored()
    assert verify().ok
    assert len(interrupted["cases"]) == 2
    assert len(interrupted["places"]) == 2
    scan_of(folder)
    assert stored() == interrupted
    assert configured.configured


def test_two_scans_of_the_same_content_at_once(tmp_path: Path, settings: Any) -> None:
    from together import at_once

    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    for name in ("one", "two", "three"):
        services.request(r.person("ada"), "path", str(r.written(tmp_path / name, FILES)))
    claimed = [services.claim(f"w{n}") for n in range(3)]
    results = at_once([lambda scan=scan: running.run(scan) for scan in claimed])
    assert [one.state for one in results if isinstance(one, Scan)] == ["done"] * 3
    assert Case.objects.count() == 2
    assert Occurrence.objects.count() == 2
    assert ArtifactReport.objects.count() == 4
    assert ModelVersion.objects.filter(status="suspected").count() == 3
    assert verify().ok


def test_one_word_leads_from_the_request_to_the_lines_of_the_worker(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()
    client.force_login(r.person("ada"))
    answer = client.post("/scans", {"target": str(folder)})
    asked = answer["X-Request-ID"]
    assert Scan.objects.get().request_id == asked
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(JsonFormatter().format(record))  # type: ignore[method-assign]
    log = logging.getLogger("weighbridge.worker")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        Worker().run(once=True)
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
    told = [json.loads(one) for one in lines]
    assert [one["request"] for one in told if one["message"] == "scan"] == [asked]
    assert Event.objects.get(action="scan-finish").request_id == asked
    assert request_id.get() == ""


def test_a_scan_that_nobody_asked_for_has_a_word_of_its_own() -> None:
    with transaction.atomic():
        scan = services.enqueue("schedule", Scan(kind="hub", target="hf://a/b"))
    assert len(scan.request_id) == 16
