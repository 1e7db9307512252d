"""Work goes on whatever is killed, stopped or wiped, and is done once."""

from __future__ import annotations

import pytest

from builders import pickles as p
from services.platform import Platform

pytestmark = pytest.mark.slow


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


def test_a_message_brings_a_scan_to_a_worker(platform: Platform) -> None:
    numbers = platform.enqueue(platform.models("plain", 3, infected("plain")))
    urgent = platform.enqueue(platform.models("urgent", 1, infected("urgent")), priority=0)
    bulk, interactive = platform.worker(), platform.worker("interactive")
    platform.all_done(numbers + urgent)
    holds("plain", 3)
    assert platform.stop(bulk) == 0
    assert platform.stop(interactive) == 0
