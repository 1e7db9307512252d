"""``weighbridge scan`` on models of hubs and on the caches of their clients, as users run it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import environment, weigh

from hub.content import Content, Repository
from hub.server import LoopbackHub

COMMIT = "a" * 40


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    files = {
        "config.json": Content(b"{}"),
        "notes.txt": Content(b"text"),
        "evil.bin": Content(b"cposix\nsystem\n(S'echo weighbridge-test'\ntR.", lfs=True),
        "esc\x1b[31m.txt": Content(b"x"),
    }
    about = {"author": "org", "downloads": 12345, "cardData": {"base_model": "org/base"}}
    with LoopbackHub([Repository("org/model", files, about=about)]) as running:
        yield running


@pytest.fixture
def env(hub: LoopbackHub, tmp_path: Path) -> dict[str, str]:
    return environment(
        HF_ENDPOINT=hub.url,
        HF_TOKEN="hf_secret_token",
        HF_HOME=str(tmp_path / "hf"),
        WEIGHBRIDGE_KAGGLE_ENDPOINT=hub.url,
        WEIGHBRIDGE_CACHE=str(tmp_path / "kept"),
        NO_PROXY="127.0.0.1",
    )


def test_a_report_for_people(env: dict[str, str]) -> None:
    done = weigh("scan", "hf://org/model", env=env)
    assert done.returncode == 1
    assert "hf://org/model: MALICIOUS" in done.stdout
    assert "by org, 12,345 downloads" in done.stdout
    assert "made from: org/base" in done.stdout
    assert "fetched" in done.stdout
    assert r"esc\x1b[31m.txt" in done.stdout
    assert "\x1b" not in done.stdout
    assert "hf_secret_token" not in done.stdout + done.stderr


def test_a_report_for_programs(hub: LoopbackHub, env: dict[str, str]) -> None:
    report = json.loads(weigh("scan", "hf://org/model", "--format", "json", env=env).stdout)
    assert (report["provider"], report["model"]["id"]) == ("huggingface", "org/model")
    assert report["revision"] == report["model"]["revision"]
    assert len(report["revision"]) == 40
    assert report["summary"]["bytes_fetched"] == hub.file_bytes > 0


def test_chosen_files_and_what_was_left_out(env: dict[str, str]) -> None:
    words = ("--include", "*.txt", "--include", "*.json", "--exclude", "evil*", "--format", "json")
    report = json.loads(weigh("scan", "hf://org/model", *words, env=env).stdout)
    assert [file["path"] for file in report["files"]] == [
        "config.json",
        "esc\x1b[31m.txt",
        "notes.txt",
    ]
    assert {note["path"] for note in report["notes"]} == {"evil.bin"}
    assert {note["code"] for note in report["notes"]} == {"left-out"}


def test_a_dry_run_fetches_no_file(hub: LoopbackHub, env: dict[str, str]) -> None:
    done = weigh("scan", "hf://org/model", "--dry-run", env=env)
    assert (done.returncode, hub.file_bytes) == (0, 0)
    assert "evil.bin" in done.stdout
    assert "would be fetched" in done.stdout


def test_a_file_with_targets(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("text")
    listed = tmp_path / "targets"
    listed.write_text(f"# ours\nhf://org/model\n\n{tmp_path / 'clean.txt'}\nhf://org/missing\n")
    done = weigh("scan", "--targets-from", listed, "--format", "json", env=env)
    report = json.loads(done.stdout)
    assert [one["verdict"] for one in report["reports"]] == ["malicious", "clean"]
    assert "no such model" in report["errors"][0]["text"]
    assert done.returncode == 1


def test_the_cache_is_shown_and_cleared(hub: LoopbackHub, env: dict[str, str]) -> None:
    weigh("scan", "hf://org/model", env=env)
    assert "3 files known" in weigh("cache", "info", env=env).stdout
    before = hub.file_bytes
    weigh("scan", "hf://org/model", env=env)
    assert hub.file_bytes == before
    weigh("scan", "hf://org/model", "--no-cache", env=env)
    assert hub.file_bytes > before
    weigh("cache", "clear", env=env)
    assert "0 files known" in weigh("cache", "info", env=env).stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("scan", "hf://org/missing"), "no such model"),
        (("scan", "--max-download", "lots", "x"), "is no size"),
        (("scan", "--targets-from", "/no/such/list"), "cannot read"),
        (("scan", "--hf-cache", "/no/such/cache"), "cannot look into the cache"),
        (("scan", "kaggle://owner/model/pyTorch/v"), "no such model or version"),
    ],
)
def test_what_cannot_be_done_is_said(
    env: dict[str, str], words: tuple[str, ...], says: str
) -> None:
    done = weigh(*words, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_models_that_the_hub_client_keeps_here(env: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "hub" / "models--org--name"
    snapshot = place / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (place / "blobs").mkdir()
    (place / "blobs" / "abc").write_text("text")
    (snapshot / "notes.txt").symlink_to("../../blobs/abc")
    shared = tmp_path / "hub" / "blobs"
    shared.mkdir()
    (shared / ".huggingface-shared-blobs").touch()
    (shared / "def").write_text("more text")
    (snapshot / "more.txt").symlink_to("../../../blobs/def")
    done = weigh("scan", "--hf-cache", tmp_path / "hub", "--format", "json", env=env)
    (report,) = json.loads(done.stdout)["reports"]
    assert report["target"] == f"hf://org/name@{COMMIT}"
    assert (report["provider"], report["revision"]) == ("huggingface", COMMIT)
    assert report["model"]["id"] == "org/name"
    assert [file["path"] for file in report["files"]] == ["more.txt", "notes.txt"]
    assert report["verdict"] == "clean"


def test_a_kept_file_that_is_not_what_its_name_says(env: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "models--org--name"
    snapshot = place / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (place / "blobs").mkdir()
    for name, content in (("true", b"true"), ("changed", b"other")):
        blob = place / "blobs" / hashlib.sha256(name.encode()).hexdigest()
        blob.write_bytes(content)
        (snapshot / f"{name}.txt").symlink_to(blob)
    done = weigh("scan", "--hf-cache", tmp_path, "--format", "json", env=env)
    (report,) = json.loads(done.stdout)["reports"]
    codes = {
        file["path"]: [note["code"] for note in file["coverage"]["notes"]]
        for file in report["files"]
    }
    assert codes == {"changed.txt": ["hash-mismatch"], "true.txt": []}
    assert report["verdict"] == "inconclusive"


def test_the_usual_place_of_that_cache(env: dict[str, str], tmp_path: Path) -> None:
    snapshot = tmp_path / "hf" / "hub" / "models--gpt2" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    done = weigh("scan", "--hf-cache", env=env)
    assert f"hf://gpt2@{COMMIT}: 1 file, CLEAN" in done.stdout


def test_models_that_the_kaggle_client_keeps_here(env: dict[str, str], tmp_path: Path) -> None:
    versions = tmp_path / "models" / "owner" / "model" / "pyTorch" / "small"
    for number in ("1", "2"):
        (versions / number).mkdir(parents=True)
        (versions / number / "a.txt").write_text("text")
    (versions / "2.complete").touch()
    done = weigh("scan", "--kaggle-cache", tmp_path, "--format", "json", env=env)
    first, second = json.loads(done.stdout)["reports"]
    assert first["target"] == "kaggle://owner/model/pyTorch/small/1"
    assert (second["model"]["id"], second["revision"]) == ("owner/model/pyTorch/small", "2")
    assert [note["code"] for note in first["notes"]] == ["partial-download"]
    assert second["notes"] == []
