"""Files that were judged before are not fetched again."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hub_scans import files, model, reach, safetensors

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.budget import Limits
from weighbridge.defender import remembering
from weighbridge.defender.targets import Reach


@pytest.fixture
def keeping(hub: LoopbackHub, tmp_path: Path) -> Reach:
    given = reach(hub)
    assert given.access is not None
    return replace(given, access=replace(given.access, cache=str(tmp_path / "cache")))


def fetched(
    hub: LoopbackHub, keeping: Reach, target: str = "hf://org/model", **more: object
) -> int:
    before = hub.file_bytes
    weighbridge.scan(target, reach=keeping, **more)  # type: ignore[arg-type]
    return hub.file_bytes - before


def test_the_second_scan_asks_for_metadata_only(hub: LoopbackHub, keeping: Reach) -> None:
    first = weighbridge.scan("hf://org/model", reach=keeping)
    hub.log.clear()
    second = weighbridge.scan("hf://org/model", reach=keeping)
    assert {seen.path.split("/")[1] for seen in hub.log} == {"api"}
    assert second.findings == first.findings
    assert [file.verdict for file in second.files] == [file.verdict for file in first.files]
    assert {file.fetched for file in second.files} == {0}


def test_a_declared_hash_stays_one(hub: LoopbackHub, keeping: Reach) -> None:
    sources = []
    for _ in range(2):
        found = files(weighbridge.scan("hf://org/model", reach=keeping))
        sources.append((found["evil.bin"].sha256_source, found["README.md"].sha256_source))
    assert sources == [("computed", "computed"), ("declared", "computed")]


def test_another_repository_with_the_same_weights(hub: LoopbackHub, keeping: Reach) -> None:
    weights = {"other-name.safetensors": Content(safetensors(), lfs=True)}
    hub.add(Repository("someone/copy", weights))
    assert fetched(hub, keeping) > 0
    assert fetched(hub, keeping, "hf://someone/copy") == 0


def test_another_endpoint_is_not_believed(hub: LoopbackHub, keeping: Reach) -> None:
    fetched(hub, keeping)
    with LoopbackHub([model()]) as other:
        elsewhere = replace(reach(other).access, cache=keeping.access.cache)
        assert fetched(other, replace(keeping, access=elsewhere)) > 0


def test_texts_are_known_by_their_names_too(hub: LoopbackHub, keeping: Reach) -> None:
    text = Content(b"import os\nos.system('echo x')\n", lfs=True)
    hub.add(Repository("org/a", {"notes.txt": text}))
    hub.add(Repository("org/b", {"modeling.py": text}))
    assert fetched(hub, keeping, "hf://org/a") > 0
    assert fetched(hub, keeping, "hf://org/b") > 0


def test_other_limits_are_another_question(hub: LoopbackHub, keeping: Reach) -> None:
    fetched(hub, keeping)
    assert fetched(hub, keeping, limits=Limits(depth=3)) > 0
    assert fetched(hub, replace(keeping, download=10**6)) > 0


def test_other_parsers_are_another_question(
    hub: LoopbackHub, keeping: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(hub, keeping)
    monkeypatch.setattr(remembering, "parsers", lambda: "others")
    assert fetched(hub, keeping) > 0


def test_a_failure_is_not_kept(hub: LoopbackHub, keeping: Reach) -> None:
    hub.faults.short = 1
    assert weighbridge.scan("hf://org/model", reach=keeping).verdict == "inconclusive"
    hub.faults.short = 0
    assert weighbridge.scan("hf://org/model", reach=keeping).verdict == "malicious"


def test_a_broken_cache_is_no_cache(hub: LoopbackHub, keeping: Reach, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / remembering.FILE).write_bytes(b"no database" * 1000)
    assert fetched(hub, keeping) > 0
    assert fetched(hub, keeping) > 0


def test_broken_rows_are_no_answers(hub: LoopbackHub, keeping: Reach, tmp_path: Path) -> None:
    fetched(hub, keeping)
    with sqlite3.connect(tmp_path / "cache" / remembering.FILE) as connection:
        connection.execute("update answers set facts = x'00'")
    assert weighbridge.scan("hf://org/model", reach=keeping).verdict == "malicious"


def test_scans_at_the_same_time(hub: LoopbackHub, keeping: Reach) -> None:
    verdicts: list[str] = []

    def run() -> None:
        verdicts.append(weighbridge.scan("hf://org/model", reach=keeping).verdict)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["malicious"] * 3


def test_how_much_is_kept(hub: LoopbackHub, keeping: Reach, tmp_path: Path) -> None:
    folder = str(tmp_path / "cache")
    assert remembering.usage(folder).files == 0
    fetched(hub, keeping)
    assert remembering.usage(folder).files == 4
    (tmp_path / "cache" / "mine").write_text("something else")
    remembering.clear(folder)
    assert remembering.usage(folder).size == 0
    assert (tmp_path / "cache" / "mine").exists()
