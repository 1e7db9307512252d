"""How the platform grows with its workers, on RabbitMQ and PostgreSQL of its own.

``python benchmarks/scale.py [--models N] [--workers 1,2,4] [--files N] [--latency MS]``. A hub on
loopback serves synthetic repositories, of which most are forks that hold somebody else's weights.
For each number of workers a fresh set of models is scanned, and a line says how fast that was; then
one model of many files, which the workers share out. The hub runs in this process and on the same
processors as the workers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from builders import pickles as p
from hub.content import Content, Repository
from hub.server import LoopbackHub
from services import servers
from services.platform import Platform

CORE_HOUR = 0.04
"""Dollars for an hour of one processor at a large provider, for the arithmetic alone."""
EFFICIENT = 0.8
BUSY = 0.8
_ORIGINALS = 0.2


@dataclass(frozen=True)
class Run:
    """One line of the table.

    Attributes:
        busy: the share of all processors that was used.
        sent: bytes that the hub sent.
        artifacts: different weights; `fetched` of them were asked for, each at one place.
        wide: seconds for one model of many files.
    """

    workers: int
    models: int
    seconds: float
    busy: float
    sent: int
    requests: int
    artifacts: int
    fetched: int
    wide: float

    @property
    def rate(self) -> float:
        """Models a second."""
        return self.models / self.seconds


def safetensors(word: str) -> bytes:
    """Return weights that are different for each word."""
    header = json.dumps(
        {word: {"dtype": "U8", "shape": [4096], "data_offsets": [0, 4096]}}
    ).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4096)


def weights(word: str, chance: random.Random) -> dict[str, Content]:
    """One model's weights: three of four in safetensors, the others as pickles."""
    if chance.random() < 0.75:
        return {"model.safetensors": Content(safetensors(word), lfs=True)}
    body = p.proto(4) + p.short_text(word) + p.STOP
    return {"pytorch_model.pkl": Content(body, lfs=True)}


def fill(hub: LoopbackHub, word: str, count: int) -> int:
    """Put models at the hub; returns how many different weights they hold."""
    chance = random.Random(word)
    originals = [weights(f"{word}{n}", chance) for n in range(max(1, int(count * _ORIGINALS)))]
    for number in range(count):
        own = originals[number] if number < len(originals) else chance.choice(originals)
        config = Content(json.dumps({"model_type": "bert", "n": f"{word}{number}"}).encode())
        readme = Content(f"---\nlicense: mit\n---\n# {word} {number}\n".encode())
        about = {"downloads": count - number}
        files = {**own, "config.json": config, "README.md": readme}
        hub.add(Repository(f"{word}/model-{number}", files, about=about))
    return len(originals)


def processor() -> tuple[float, float]:
    """Return used and all time of the processors since the machine started."""
    words = [float(one) for one in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return sum(words) - words[3] - words[4], sum(words)


def scan_wide(platform: Platform, word: str, files: int) -> float:
    """Scan one model of many files, and return the seconds that it took."""
    contents = {
        f"model-{number:05}.safetensors": Content(safetensors(f"{word}-{number}"), lfs=True)
        for number in range(files)
    }
    platform.hub.add(Repository(f"{word}/wide", contents))
    start = time.monotonic()
    platform.all_done(platform.enqueue([f"hf://{word}/wide"]), 3600)
    return time.monotonic() - start


def measured(platform: Platform, workers: int, models: int, files: int) -> Run:
    """Scan fresh models with so many workers."""
    from weighbridge.platform.scans.models import Scan

    hub, word = platform.hub, f"with{workers}"
    distinct = fill(hub, word, models)
    processes = [platform.worker() for _ in range(workers)]
    warm = platform.enqueue([f"hf://{word}/model-0" for _ in range(workers)])
    platform.all_done(warm, 300)  # Every process is up before the clock starts.
    hub.log.clear()
    used, all_ = processor()
    start = time.monotonic()
    numbers = platform.enqueue([f"hf://{word}/model-{n}" for n in range(models)])
    platform.all_done(numbers, 3600)
    seconds = time.monotonic() - start
    used, all_ = processor()[0] - used, processor()[1] - all_
    sent, requests = sum(one.sent for one in hub.log), len(hub.log)
    first = ("model.safetensors", "pytorch_model.pkl")
    places = {one.path for one in hub.log if one.path.endswith(first) and "/resolve/" in one.path}
    wide = scan_wide(platform, word, files)
    for process in processes:
        platform.kill(process)
    assert Scan.objects.filter(pk__in=numbers, verdict="clean").count() == models
    # The model that the processes were warmed up with is known already.
    counts = (sent, requests, distinct - 1, len(places))
    return Run(workers, models, seconds, used / all_, *counts, wide)


def table(runs: list[Run], files: int) -> list[str]:
    """Return what is printed."""
    from weighbridge.platform.scans import helping

    one = runs[0]
    titles = ("workers", "models/s", "efficiency", "busy", "requests/model", "bytes/model", "once")
    lines = ["  ".join(f"{title:>14}" for title in titles)]
    for run in runs:
        efficiency = run.rate / one.rate / (run.workers / one.workers)
        once = f"{run.fetched} of {run.artifacts}"
        words = (
            f"{run.workers}",
            f"{run.rate:.2f}",
            f"{efficiency:.2f}",
            f"{run.busy:.0%}",
            f"{run.requests / run.models:.1f}",
            f"{run.sent / run.models:.0f}",
            once,
            f"{run.wide:.1f} s",
        )
        lines.append("  ".join(f"{word:>14}" for word in words))
    best = max(runs, key=lambda run: run.rate)
    core = best.seconds * best.busy * (os.cpu_count() or 1) / best.models
    hours = core * 1e6 / 3600
    lines += [
        f"one wide: a model of {files} files; one message a model, and one more for each "
        f"{helping.FILES} files to read",
        f"of a processor, with hub, database and broker: {core:.2f} s a model, so for a million",
        f"  1,000,000 x {core:.2f} s / 3600 = {hours:,.0f} hours x ${CORE_HOUR} "
        f"= ${hours * CORE_HOUR:,.0f}",
    ]
    return lines


def main() -> int:
    """Measure and print; exit status 1 when something was fetched twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=60)
    parser.add_argument("--files", type=int, default=600, help="of the wide model")
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--latency", type=float, default=200, help="of the hub, in milliseconds")
    given = parser.parse_args()
    missing = servers.postgresql_missing() or servers.rabbitmq_missing()
    if missing:
        print(f"not measured: {missing}")
        return 0
    with tempfile.TemporaryDirectory(prefix="weighbridge-scale-") as name:
        place = Path(name)
        place.chmod(0o711)
        database, broker = servers.PostgreSQL(place), servers.RabbitMQ(place)
        try:
            with LoopbackHub(latency=given.latency / 1000) as hub:
                platform = Platform(place, database, broker, hub)
                counts = [int(word) for word in given.workers.split(",")]
                runs = [measured(platform, count, given.models, given.files) for count in counts]
                platform.end()
        finally:
            database.stop()
            broker.stop()
    print("\n".join(table(runs, given.files)))
    wrong = [run.workers for run in runs if run.fetched != run.artifacts]
    one = runs[0]
    for run in runs:
        efficiency = run.rate / one.rate / (run.workers / one.workers)
        if run.busy < BUSY and efficiency < EFFICIENT:
            print(f"{run.workers} workers: efficiency below {EFFICIENT} though processors are idle")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
