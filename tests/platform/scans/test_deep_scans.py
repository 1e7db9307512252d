"""Deep scans read every byte, and what they found is not forgotten by the next ordinary scan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.platform.catalog.models import ModelFile
from weighbridge.platform.scans import running, services
from weighbridge.platform.scans.models import ArtifactReport, Scan
from weighbridge.platform.scans.selectors import look_up

pytest.importorskip("yara_x", reason="it does the searching")
pytestmark = pytest.mark.django_db(transaction=True)

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIZE = 1 << 20


def weights(hidden: bytes) -> bytes:
    """A tensor of a megabyte, in whose middle `hidden` lies."""
    layout = {"w": {"dtype": "U8", "shape": [SIZE], "data_offsets": [0, SIZE]}}
    header = json.dumps(layout).encode()
    body = bytearray(SIZE)
    body[SIZE // 2 : SIZE // 2 + len(hidden)] = hidden
    return len(header).to_bytes(8, "little") + header + bytes(body)


@pytest.fixture(autouse=True)
def infected(hub: LoopbackHub) -> None:
    hub.add(Repository("org/net", {"model.safetensors": Content(weights(EICAR), lfs=True)}))


def scanned(kind: str, target: str, deep: bool) -> str:
    with transaction.atomic():
        row = services.enqueue("tests", Scan(kind=kind, target=target, deep=deep))
    scan = services.claim("w", row.pk)
    assert scan is not None
    scan = running.run(scan)
    assert scan.state == "done", scan.error
    return scan.verdict


def test_tensors_at_a_hub_are_searched(hub: LoopbackHub) -> None:
    assert scanned("hub", "hf://org/net", deep=False) == "clean"
    assert sum(one.sent for one in hub.requests("/resolve/")) < SIZE
    assert scanned("hub", "hf://org/net", deep=True) == "malicious"
    # Now the hash is known and not only declared, which makes it another artifact.
    file = ModelFile.objects.get()
    assert file.artifact.sha256_source == "computed"
    report = ArtifactReport.objects.get(current=True, artifact=file.artifact)
    assert [one["rule"] for one in report.findings] == ["known-payload"]
    assert file.artifact.sha256 is not None
    found = look_up(file.artifact.sha256)
    assert found is not None
    assert found.verdict == "malicious"


def test_an_ordinary_scan_afterwards_reads_nothing_and_forgets_nothing(hub: LoopbackHub) -> None:
    assert scanned("hub", "hf://org/net", deep=True) == "malicious"
    hub.log.clear()
    assert scanned("hub", "hf://org/net", deep=False) == "malicious"
    assert not hub.requests("/resolve/")


def test_folders_are_searched(tmp_path: Path, settings: Any) -> None:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [str(tmp_path)]
    (tmp_path / "model.safetensors").write_bytes(weights(EICAR))
    assert scanned("path", str(tmp_path), deep=False) == "clean"
    assert scanned("path", str(tmp_path), deep=True) == "malicious"
    assert scanned("path", str(tmp_path), deep=False) == "malicious"


def test_what_a_hub_says_of_a_file_is_compared_with_all_its_bytes(hub: LoopbackHub) -> None:
    content = Content(weights(b""), lfs=True, declared="ab" * 32)
    hub.add(Repository("org/lied", {"model.safetensors": content}))
    assert scanned("hub", "hf://org/lied", deep=True) == "inconclusive"
