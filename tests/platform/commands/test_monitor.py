"""``weighbridge monitor``, as people use it: in a process of its own."""

from __future__ import annotations

from pathlib import Path

from running import run, served

from hub.content import Content, Repository
from hub.server import LoopbackHub


def test_a_list_is_gone_through_and_shown(tmp_path: Path) -> None:
    data = tmp_path / "data"
    refused = run(data, "monitor", "list")
    assert refused.returncode != 0
    assert "weighbridge serve" in refused.stderr and "Traceback" not in refused.stderr
    with LoopbackHub() as hub, served(data, "--no-scan-worker"):
        for number in range(3):
            files = {"a.pkl": Content(b"1")}
            hub.add(Repository(f"org/m{number}", files, about={"downloads": number * 10}))
        reach = {"HF_ENDPOINT": hub.url, "NO_PROXY": "127.0.0.1"}
        words = ("huggingface", "--backfill", "--min-downloads", "10", "--once")
        done = run(data, "monitor", *words, **reach)
        assert done.returncode == 0, done.stderr
        assert "1  huggingface backfill  done  3 listed, 2 scans made" in done.stdout
        watch = run(data, "monitor", "huggingface", "--author", "org", **reach)
        assert watch.stdout == "monitor 2 watches Hugging Face\n"
        assert "2  huggingface watch  paused" in run(data, "monitor", "pause", "2").stdout
        shown = run(data, "monitor", "list").stdout.splitlines()
        assert [line.split("  ")[2] for line in shown] == ["done", "paused"]
        assert run(data, "monitor", "resume", "1").returncode != 0
        silent = run(
            data, "monitor", "kaggle", "--once", WEIGHBRIDGE_KAGGLE_ENDPOINT="http://127.0.0.1:9"
        )
        assert silent.returncode != 0
        assert "Kaggle cannot be asked" in silent.stderr and "Traceback" not in silent.stderr
