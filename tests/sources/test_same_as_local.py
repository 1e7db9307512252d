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
