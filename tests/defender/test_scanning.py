"""Scans end to end, with parsers that do what the file says."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

import weighbridge
from weighbridge.budget import Limits
from weighbridge.defender import examination, hashing
from weighbridge.defender.roles import role_of
from weighbridge.defender.scan import Progress
from weighbridge.errors import TargetError
from weighbridge.findings.model import Confidence, FileReport, ScanReport, Verdict

pytestmark = pytest.mark.usefixtures("fake_worker", "fake_rules")


def only(report: ScanReport) -> FileReport:
    (file,) = report.files
    return file


def test_one_file(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_text("fine")
    report = weighbridge.scan(path)
    assert report.verdict is Verdict.CLEAN
    assert (report.target, report.provider, report.complete) == (str(path), "local", True)
    file = only(report)
    assert (file.path, file.size, file.format, file.role) == ("model.pkl", 4, "fake", "weights")
    assert file.sha256 == hashlib.sha256(b"fine").hexdigest()
    assert file.sha256_source == "computed"
    assert file.coverage.complete
    assert file.coverage.bytes_read == 4


@pytest.mark.parametrize("kind", ["malicious", "suspicious", "weakness"])
def test_findings_make_the_verdict(tmp_path: Path, kind: str) -> None:
    (tmp_path / "bad").write_text(f"anomaly {kind}")
    (tmp_path / "good").write_text("fine")
    report = weighbridge.scan(tmp_path)
    assert report.verdict is Verdict(kind)
    assert [file.verdict for file in report.files] == [Verdict(kind), Verdict.CLEAN]
    (finding,) = report.findings
    assert finding.path == "bad"
    assert finding.confidence is Confidence.HIGH


def test_a_gap_is_inconclusive_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("gap")
    file = only(weighbridge.scan(tmp_path))
    assert file.verdict is Verdict.INCONCLUSIVE
    assert not file.coverage.complete
    (note,) = file.coverage.notes
    assert (note.code, note.offset) == ("malformed-fake", 7)


def test_a_crash_costs_one_file_only(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}").write_text("signal SIGSEGV" if number == 2 else "fine")
    report = weighbridge.scan(tmp_path, jobs=2)
    verdicts = [file.verdict for file in report.files]
    assert verdicts.count(Verdict.INCONCLUSIVE) == 1
    assert verdicts[2] is Verdict.INCONCLUSIVE
    assert report.files[2].coverage.notes[0].code == "worker-crashed"
    assert report.files[2].sha256 == hashlib.sha256(b"signal SIGSEGV").hexdigest()


def test_a_read_error_is_inconclusive(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("source")
    file = only(weighbridge.scan(tmp_path))
    assert file.verdict is Verdict.INCONCLUSIVE
    assert file.coverage.notes[0].code == "source-error"


def test_a_file_that_changes_during_the_scan_is_inconclusive(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("sleep 0.5")
    threading.Timer(0.25, path.write_text, ["sleep 0.5 and more"]).start()
    file = only(weighbridge.scan(path))
    assert file.verdict is Verdict.INCONCLUSIVE
    assert file.coverage.notes[-1].code == "changed"
    assert file.sha256 is None


def test_a_file_that_vanishes_is_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("fine")
    (tmp_path / "b").write_text("fine")
    real = examination.Examiner.prepare

    def prepare(self: examination.Examiner) -> None:
        (tmp_path / "b").unlink()
        real(self)

    monkeypatch.setattr(examination.Examiner, "prepare", prepare)
    report = weighbridge.scan(tmp_path)
    assert [file.verdict for file in report.files] == [Verdict.CLEAN, Verdict.INCONCLUSIVE]
    assert report.files[1].coverage.notes[0].code == "vanished"


def test_links_and_pipes_are_notes(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    os.mkfifo(target / "pipe")
    (target / "out").symlink_to(tmp_path)
    report = weighbridge.scan(target)
    assert [(note.code, note.member) for note in report.notes] == [("special-file", "pipe")]
    assert only(report).coverage.notes[0].code == "link-outside"
    assert report.verdict is Verdict.INCONCLUSIVE


def test_an_empty_directory_is_clean(tmp_path: Path) -> None:
    report = weighbridge.scan(tmp_path)
    assert (report.verdict, report.files, report.complete) == (Verdict.CLEAN, (), True)


def test_order_does_not_depend_on_who_finishes_first(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}").write_text(f"sleep {0.2 - number / 50}")
    report = weighbridge.scan(tmp_path, jobs=4)
    assert [file.path for file in report.files] == [f"{number}" for number in range(8)]


def test_progress_counts_every_file(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}").write_text("fine")
    seen: list[Progress] = []
    weighbridge.scan(tmp_path, jobs=2, progress=seen.append)
    assert [step.done for step in seen] == [1, 2, 3, 4, 5]
    assert {step.total for step in seen} == {5}
    assert {step.path for step in seen} == {f"{number}" for number in range(5)}


def test_an_interrupted_scan_is_partial_and_never_clean(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("fine")
    (tmp_path / "b").write_text("sleep 60")
    (tmp_path / "c").write_text("fine")

    def interrupt(step: Progress) -> None:
        raise KeyboardInterrupt

    begun = time.monotonic()
    report = weighbridge.scan(tmp_path, jobs=1, progress=interrupt)
    assert time.monotonic() - begun < 10
    assert not report.complete
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [file.path for file in report.files] == ["a"]


def test_large_files_are_hashed_on_request_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "INLINE_BYTES", 100)
    limits = Limits(hashed_bytes=1000)
    content = b"fine" + bytes(2000)
    path = tmp_path / "large"
    path.write_bytes(content)
    quick, deep = (
        only(weighbridge.scan(path, limits=limits)),
        only(weighbridge.scan(path, deep=True)),
    )
    larger = only(weighbridge.scan(path, limits=Limits(hashed_bytes=len(content))))
    assert deep.sha256 == larger.sha256
    assert (quick.sha256, quick.sha256_source) == (None, None)
    assert deep.sha256 == hashlib.sha256(content).hexdigest()


def test_hashing_stops_when_told_to(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    with path.open("rb") as file:
        assert hashing.sha256_of(file.fileno(), 100, lambda: True) is None
        assert hashing.sha256_of(file.fileno(), 101, lambda: False) is None
        assert hashing.sha256_of(file.fileno(), 100, lambda: False) is not None


def test_limits_reach_the_worker(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("flood 100")
    file = only(weighbridge.scan(tmp_path, limits=Limits(facts=10)))
    assert file.coverage.notes[0].code == "limit-facts"
    assert len(file.notes) == 9


@pytest.mark.parametrize("jobs", [0, -1, 65])
def test_jobs_out_of_range(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(ValueError, match="jobs"):
        weighbridge.scan(tmp_path, jobs=jobs)


def test_targets_that_are_not_understood(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="not an address that can be scanned"):
        weighbridge.scan("ftp://org/name")
    with pytest.raises(TargetError, match="no such file"):
        weighbridge.scan(tmp_path / "missing")


def test_a_second_scan_reuses_the_workers(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("surroundings")
    texts = [only(weighbridge.scan(tmp_path)).notes[0].text for _ in range(2)]
    assert texts[0].rpartition('"pid"')[2] == texts[1].rpartition('"pid"')[2]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("model.safetensors", "weights"),
        ("sub/pytorch_model.bin", "weights"),
        ("checkpoint-1/optimizer.pt", "training-state"),
        ("rng_state_0.pth", "training-state"),
        ("training_args.bin", "training-state"),
        ("modeling.py", "code"),
        ("config.json", "configuration"),
        ("README.md", "document"),
        ("LICENSE", "document"),
        (".gitattributes", "configuration"),
        ("strange", "other"),
    ],
)
def test_roles(path: str, role: str) -> None:
    assert role_of(path) == role
