"""The command line in this process, with parsers and rules that do what the file says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from weighbridge.cli import main, output
from weighbridge.cli.main import Status
from weighbridge.errors import WorkerError
from weighbridge.findings.model import Verdict
from weighbridge.policy.threshold import FailOn, fails

FILES = {
    "clean": "fine",
    "weakness": "anomaly weakness",
    "inconclusive": "gap",
    "suspicious": "anomaly suspicious",
    "malicious": "anomaly malicious",
}
FAILING = {
    "malicious": {"malicious"},
    "suspicious": {"malicious", "suspicious", "inconclusive"},
    "weakness": {"malicious", "suspicious", "inconclusive", "weakness"},
    "never": set(),
}


def run(capfd: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = main.run([str(word) for word in words])
    captured = capfd.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("threshold", list(FailOn))
def test_thresholds(verdict: Verdict, threshold: FailOn) -> None:
    assert fails(verdict, threshold) is (verdict.value in FAILING[threshold.value])


@pytest.mark.usefixtures("fake_worker", "fake_rules")
class TestScan:
    @pytest.mark.parametrize("verdict", FILES)
    @pytest.mark.parametrize("threshold", [None, *FAILING])
    def test_exit_status(
        self,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        verdict: str,
        threshold: str | None,
    ) -> None:
        (tmp_path / "model.pkl").write_text(FILES[verdict])
        options = [] if threshold is None else ["--fail-on", threshold]
        status, out, _ = run(capfd, "scan", tmp_path, *options)
        assert status == (verdict in FAILING[threshold or "suspicious"])
        assert verdict.upper() in out

    def test_a_finding_wins_over_a_failed_target(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "bad").write_text(FILES["malicious"])
        (tmp_path / "good").write_text("fine")
        missing = tmp_path / "missing"
        assert run(capfd, "scan", missing, tmp_path / "bad")[0] == Status.FAILED
        status, out, err = run(capfd, "scan", tmp_path / "good", missing)
        assert status == Status.NOT_DONE
        assert "1 file, CLEAN" in out
        assert "no such file or directory" in err

    def test_json_of_one_target(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a").write_text(FILES["malicious"])
        _, out, err = run(capfd, "scan", tmp_path, "--format", "json")
        report = json.loads(out)
        assert (report["schema"], report["verdict"]) == ("weighbridge.scan/1", "malicious")
        assert report["tool"]["rules"] == "0-test"
        assert err == ""

    def test_json_of_several_targets(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a").write_text("fine")
        _, out, _ = run(capfd, "scan", tmp_path, tmp_path / "x", "--format", "json")
        report = json.loads(out)
        assert (report["schema"], report["verdict"]) == ("weighbridge.scans/1", "inconclusive")
        assert report["errors"][0]["target"] == str(tmp_path / "x")

    def test_a_failed_target_writes_no_report(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        place = tmp_path / "report.json"
        status, out, _ = run(capfd, "scan", tmp_path / "x", "--output", place)
        assert (status, out) == (Status.NOT_DONE, "")
        assert not place.exists()

    def test_output_to_a_file(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a").write_text(FILES["malicious"])
        place = tmp_path / "report.json"
        place.write_text("old")
        status, out, _ = run(capfd, "scan", tmp_path / "a", "--format", "json", "--output", place)
        assert (status, out) == (Status.FAILED, "")
        assert json.loads(place.read_text())["verdict"] == "malicious"
        assert sorted(os.listdir(tmp_path)) == ["a", "report.json"]

    def test_output_that_cannot_be_written(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a").write_text("fine")
        for place in (tmp_path, tmp_path / "missing" / "report"):
            status, out, err = run(capfd, "scan", tmp_path / "a", "--output", place)
            assert (status, out) == (Status.NOT_DONE, "")
            assert "cannot write" in err

    def test_an_output_file_appears_whole_or_not_at_all(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a").write_text("fine")
        place = tmp_path / "report"
        place.write_text("old")

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(output.os, "fsync", full)
        status, _, err = run(capfd, "scan", tmp_path / "a", "--output", place)
        assert status == Status.NOT_DONE
        assert "No space left" in err
        assert place.read_text() == "old"
        assert sorted(os.listdir(tmp_path)) == ["a", "report"]

    def test_output_to_a_device(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a").write_text("fine")
        assert run(capfd, "scan", tmp_path / "a", "--output", "/dev/null")[0] == Status.PASSED

    def test_workers_that_cannot_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        from weighbridge.defender import process

        monkeypatch.setattr(process, "BOOT", "raise SystemExit(4)")
        (tmp_path / "a").write_text("fine")
        status, _, err = run(capfd, "scan", tmp_path)
        assert status == Status.NOT_DONE
        assert err.startswith("weighbridge: no worker process could be started")

    def test_a_bug_shows_no_traceback(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        import sys

        def judge(*_: object) -> None:
            raise KeyError("text of the input")

        monkeypatch.setattr(sys.modules["weighbridge.rules.judge"], "judge", judge)
        monkeypatch.delenv("WEIGHBRIDGE_DEBUG", raising=False)
        (tmp_path / "a").write_text("fine")
        status, _, err = run(capfd, "scan", tmp_path)
        assert status == Status.NOT_DONE
        assert err == "weighbridge: internal error (KeyError); please report it\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["scan"], "Missing argument 'TARGET...'"),
        (["scan", ".", "--jobs", "0"], "--jobs"),
        (["scan", ".", "--jobs", "many"], "--jobs"),
        (["scan", ".", "--format", "xml"], "--format"),
        (["scan", ".", "--fail-on", "clean"], "--fail-on"),
        (["scan", ".", "--polciy", "x"], "No such option"),
        (["weigh"], "No such command"),
        (["scan", "ftp://org/name"], "not an address that can be scanned"),
        (["scan", "hf://a/b/c"], "not the name of a model"),
        (["scan", "/no/such/file"], "no such file or directory: /no/such/file"),
        (["scan", "/no/\x1b[31mred"], r"/no/\x1b[31mred"),
        (["rules", "no-such-rule"], "no rule 'no-such-rule'"),
    ],
)
def test_wrong_usage(words: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("weighbridge.rules.registry")
    status, out, err = run(capfd, *words)
    assert (status, out) == (Status.NOT_DONE, "")
    assert message in err


def invoke(*words: str) -> Result:
    return CliRunner().invoke(main.command, words)


def test_help_teaches() -> None:
    pytest.importorskip("weighbridge.rules.registry")
    general, scan = invoke("--help").output, invoke("scan", "--help").output
    for text in (general, scan):
        assert "Examples:" in text
        assert "weighbridge scan model.bin" in text
        for status in Status:
            assert f"\n    {status.value:<3}  " in text
    for verdict in Verdict:
        assert f"\n    {verdict.value} " in scan
    for option in ("--format", "--output", "--jobs", "--deep", "--fail-on"):
        assert option in scan


def test_rules_are_listed_and_explained() -> None:
    registry = pytest.importorskip("weighbridge.rules.registry")
    listed = invoke("rules").output
    assert len(listed.splitlines()) == len(registry.RULES)
    for rule in registry.RULES:
        assert rule.id in listed
        explained = invoke("rules", rule.id).output
        assert explained.startswith(f"{rule.id}: {rule.title}\n")
        assert "What to do" in explained


def test_interruption_outside_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.command, "main", interrupt)
    assert main.run([]) == Status.INTERRUPTED


def test_errors_of_ours_are_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise WorkerError("it is\nbroken")

    monkeypatch.setattr(main.command, "main", fail)
    assert run(capfd)[::2] == (Status.NOT_DONE, "weighbridge: it is\\nbroken\n")
