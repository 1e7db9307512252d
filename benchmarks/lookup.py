"""The look-up by hash under an open load: latency beside that of an empty endpoint.

    python benchmarks/lookup.py [--artifacts 100000] [--rate 500] [--seconds 10]

Starts ``weighbridge serve`` on an embedded database of its own with that many artifacts and two
server processes. Requests leave at their times whether or not earlier ones were answered, from a
process of their own; a latency is counted from the time at which a request should have left.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import multiprocessing
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CONNECTIONS = 16


def digest(number: int) -> str:
    """Return the hash of an artifact that is in the database."""
    return hashlib.sha256(b"%d" % number).hexdigest()


def fill(count: int) -> str:
    """Make `count` judged artifacts and return a token that may look them up."""
    from weighbridge.platform.commands.starting import migrate, start

    start()
    migrate()
    from django.utils import timezone

    from weighbridge.platform.accounts import tokens
    from weighbridge.platform.accounts.models import User
    from weighbridge.platform.catalog.models import Artifact
    from weighbridge.platform.scans.models import ArtifactFacts, ArtifactReport

    now = timezone.now()
    for begin in range(0, count, 5000):
        some = range(begin, min(begin + 5000, count))
        artifacts = Artifact.objects.bulk_create(
            Artifact(key=digest(n), sha256=digest(n), sha256_source="computed", size=n)
            for n in some
        )
        facts = ArtifactFacts.objects.bulk_create(
            ArtifactFacts(artifact=a, parsers="b", facts_version=1, limits="b", mode="b",
                          bytes_read=0, kinds=" ", blob=b"")
            for a in artifacts
        )  # fmt: skip
        ArtifactReport.objects.bulk_create(
            ArtifactReport(artifact=a, facts=f, rules="2026.11", vouched="", verdict="clean",
                           effective="clean", complete=True, scanned_at=now, findings=[],
                           coverage={})
            for a, f in zip(artifacts, facts, strict=True)
        )  # fmt: skip
    user = User.objects.create_user("bench", password=None, role="administrator")
    return tokens.create(user, "bench", ["read"]).secret


def load(port: int, paths: list[str], token: str, rate: float, results: object) -> None:
    """Send `paths` at `rate` a second and put the latencies into `results`."""
    waiting: queue.SimpleQueue[tuple[float, str] | None] = queue.SimpleQueue()
    latencies: list[float] = []
    failures: list[int] = []

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {"Authorization": f"Bearer {token}"}
        while (job := waiting.get()) is not None:
            due, path = job
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            latencies.append(time.perf_counter() - due)
            if answer.status != 200:
                failures.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    start = time.perf_counter() + 0.2
    for number, path in enumerate(paths):
        due = start + number / rate
        if (left := due - time.perf_counter()) > 0:
            time.sleep(left)
        waiting.put((due, path))
    for _ in threads:
        waiting.put(None)
    for thread in threads:
        thread.join()
    results.put((sorted(latencies), failures))  # type: ignore[attr-defined]


def measure(port: int, paths: list[str], token: str, rate: float) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    results: multiprocessing.Queue[tuple[list[float], list[int]]] = multiprocessing.Queue()
    process = multiprocessing.Process(target=load, args=(port, paths, token, rate, results))
    process.start()
    latencies, failures = results.get()
    process.join()
    if failures:
        raise SystemExit(f"{len(failures)} requests failed, such as with {failures[0]}")
    return latencies[len(latencies) // 2] * 1000, latencies[int(len(latencies) * 0.99)] * 1000


def serve(port: int) -> subprocess.Popen[bytes]:
    """Start the platform and wait until it answers."""
    command = [sys.executable, "-m", "weighbridge", "serve", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return process
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the platform did not start")


def main() -> None:
    """Fill, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WEIGHBRIDGE_DATA"] = str(Path(folder) / "data")
        os.environ["WEIGHBRIDGE_LOG_LEVEL"] = "WARNING"
        token = fill(options.artifacts)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = serve(port)
        try:
            count = int(options.rate * options.seconds)
            known = [
                f"/api/v1/artifacts/{digest(n * 7919 % options.artifacts)}" for n in range(count)
            ]
            empty = ["/health/live"] * count
            measure(port, known[:500], token, options.rate)
            for name, paths in (("empty endpoint", empty), ("look-up", known)):
                p50, p99 = measure(port, paths, token, options.rate)
                print(f"{name:15} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


if __name__ == "__main__":
    main()
