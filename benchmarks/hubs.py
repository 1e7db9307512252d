"""Models on a hub, scanned from their byte ranges: seconds and bytes, at 30 ms a request."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import inputs
from measure import seconds

ROOT = Path(__file__).resolve().parents[1]
LATENCY_MS = 30
SHARDS = 30
SHARD_BYTES = 1_400_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """One scan through the command line, and what the hub saw of it."""

    seconds: float
    requests: int
    file_bytes: int
    report: dict


class Hub:
    """A loopback hub in a process of its own, and a cache of verdicts that nobody else uses."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder

    def scan(self, target: str, *options: str) -> Run:
        """Scan `target`, with what the cache holds from earlier scans."""
        before = self._log()
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "weighbridge", "scan", target, "--format", "json", *options],
            capture_output=True,
            check=False,
            env=self.environment(),
        )
        taken = time.perf_counter() - began
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr.decode())
        after = self._log()
        return Run(
            taken,
            after["requests"] - before["requests"],
            after["file_bytes"] - before["file_bytes"],
            json.loads(done.stdout),
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a client here."""
        own = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(self._folder / "hf-home"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "WEIGHBRIDGE_CACHE": str(self._folder / "cache"),
            "NO_PROXY": "127.0.0.1",
        }
        return {**os.environ, **own}

    def download(self, name: str) -> tuple[float, int]:
        """Fetch a whole model with the hub's own client; return seconds and bytes."""
        before = self._log()["file_bytes"]
        place = self._folder / "downloads"
        code = "import sys; from huggingface_hub import snapshot_download as fetch; "
        code += "fetch(sys.argv[1], cache_dir=sys.argv[2])"
        began = time.perf_counter()
        words = [sys.executable, "-c", code, name, str(place)]
        subprocess.run(words, check=True, env=self.environment())
        return time.perf_counter() - began, self._log()["file_bytes"] - before

    def _log(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/loopback/log", timeout=10) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Hub]:
    """Serve the models below `folder`."""
    words = ["-m", "tests.hub", str(folder / "models"), "--latency", str(LATENCY_MS)]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield Hub(json.loads(process.stdout.readline())["hub"], folder)
    finally:
        process.kill()
        process.wait()


def safetensors_model(folder: Path) -> None:
    """Write a model of 42 GB in 30 shards, as holes."""
    _small_files(folder)
    for number in range(1, SHARDS + 1):
        path = folder / f"model-{number:05}-of-{SHARDS:05}.safetensors"
        inputs.safetensors_shard(path, SHARD_BYTES, 24)


def pytorch_model(folder: Path) -> None:
    """Write the same as zip checkpoints."""
    _small_files(folder)
    for number in range(1, SHARDS + 1):
        path = folder / f"pytorch_model-{number:05}-of-{SHARDS:05}.bin"
        inputs.checkpoint(path, 22, 64 << 20)


def poisoned_model(folder: Path) -> None:
    """Write a checkpoint of 10 GB whose pickle runs a command."""
    folder.mkdir(parents=True)
    inputs.poisoned_checkpoint(folder / "pytorch_model.bin", 160, 64 << 20)


def small_model(folder: Path) -> None:
    """Write a model that can be downloaded in a moment."""
    _small_files(folder)
    for number in range(1, 9):
        inputs.safetensors_shard(folder / f"model-{number:05}-of-00008.safetensors", 64 << 20, 24)


def _small_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama", "hidden_size": 8192}')
    (folder / "README.md").write_text("# A model\n")
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {}}}))


def process_start() -> float:
    """Return how long Python takes to start."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True), 5)
