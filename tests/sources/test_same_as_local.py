"""Files give the same answer on a hub as on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hub_scans import scanned

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.findings.model import ScanReport

ROOT = Path(__file__).parents[2]


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Honest and booby-trapped models, saved by whatever libraries are here."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "demo"), *sys.path])
    import honest
    import trapped

    for part in (honest, trapped):
        folder = tmp_path / part.__name__
        folder.mkdir()
        part.save(folder)
    return tmp_path


def answers(report: ScanReport) -> dict[str, object]:
    found = {}
    for file in report.files:
        findings = sorted(
            (one.rule, one.fingerprint) for one in report.findings if one.path == file.path
        )
        notes = [note.code for note in file.coverage.notes]
        found[file.path] = (file.format, file.verdict, findings, notes)
    return found


def test_files_of_many_formats(hub: LoopbackHub, demo: Path) -> None:
    paths = [path for path in sorted(demo.rglob("*")) if path.is_file()]
    contents = {
        path.relative_to(demo).as_posix(): Content(path, lfs=path.suffix != ".json")
        for path in paths
    }
    hub.add(Repository("org/demo", contents))
    local, remote = weighbridge.scan(demo), scanned(hub, "hf://org/demo")
    assert len(local.files) > 10
    assert answers(remote) == answers(local)


def test_a_repository_that_leads_a_loader_to_its_code(hub: LoopbackHub, tmp_path: Path) -> None:
    place = tmp_path / "model"
    place.mkdir()
    (place / "config.json").write_text('{"auto_map": {"AutoModel": "modeling_x.Model"}}')
    (place / "modeling_x.py").write_text("import os\nos.system('echo weighbridge-test')\n")
    (place / "requirements.txt").write_text("torch\n")
    contents = {path.name: Content(path) for path in place.iterdir()}
    hub.repositories["models", "org/model"].files = contents
    local, remote = weighbridge.scan(place), scanned(hub)
    assert local.verdict == "malicious"
    assert answers(remote) == answers(local)
    assert [file.role for file in remote.files] == [file.role for file in local.files]
