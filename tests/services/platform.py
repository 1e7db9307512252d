"""The platform as its operator runs it: processes, started and killed by the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import django

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub

from .servers import PostgreSQL, RabbitMQ, eventually

SOURCE = str(Path(weighbridge.__file__).parents[1])
LEASE_S = 5
_SETTINGS = {
    "WEIGHBRIDGE_SCAN_LEASE_SECONDS": str(LEASE_S),
    "WEIGHBRIDGE_SCAN_ATTEMPTS": "50",
    "WEIGHBRIDGE_RECONCILE_SECONDS": "5",
    "WEIGHBRIDGE_SCAN_JOBS": "1",
    "WEIGHBRIDGE_LOG_LEVEL": "INFO",
}


class Platform:
    """What the tests ask of a platform, with Django set up in this process too."""

    def __init__(
        self, place: Path, database: PostgreSQL, broker: RabbitMQ, hub: LoopbackHub
    ) -> None:
        self.database, self.broker, self.hub = database, broker, hub
        self._place = place
        self._processes: list[subprocess.Popen[bytes]] = []
        ours = {
            **_SETTINGS,
            "DJANGO_SETTINGS_MODULE": "weighbridge.platform.settings",
            "WEIGHBRIDGE_DATA": str(place / "data"),
            "WEIGHBRIDGE_DATABASE_URL": database.address,
            "WEIGHBRIDGE_BROKER_URL": broker.address,
            "WEIGHBRIDGE_KAGGLE_ENDPOINT": hub.url,
            "HF_ENDPOINT": hub.url,
            "NO_PROXY": "127.0.0.1",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WEIGHBRIDGE_", "HF_"))}
        self._environment = {**kept, **ours, "PYTHONPATH": SOURCE}
        os.environ.update(ours)
        django.setup()
        from weighbridge.platform.commands.starting import migrate

        migrate()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start ``weighbridge`` with these words."""
        return self._run("-P", "-m", "weighbridge", *words)

    def issuer(self, count: int) -> subprocess.Popen[bytes]:
        """Start a process that issues advisories."""
        return self._run("-P", str(Path(__file__).with_name("issuing.py")), str(count))

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        with open(self._place / "processes.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def worker(self, queue: str = "bulk") -> subprocess.Popen[bytes]:
        return self.start("worker", "--celery", "--queue", queue)

    def keeper(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--chores")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and everything that it started, without a word."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        """Ask a process to end."""
        process.terminate()
        return process.wait(60)

    def end(self) -> None:
        for process in self._processes:
            self.kill(process)

    def said(self) -> str:
        return (self._place / "processes.log").read_text()[-5000:]

    def models(self, word: str, count: int, content: bytes) -> list[str]:
        """Put models at the hub; returns their addresses."""
        names = [f"{word}/model-{number}" for number in range(count)]
        for number, name in enumerate(names):
            own = f'{{"model_type": "{word}-{number}"}}'.encode()
            files = {"model.pkl": Content(content, lfs=True), "config.json": Content(own)}
            self.hub.add(Repository(name, files))
        return [f"hf://{name}" for name in names]

    def enqueue(self, addresses: list[str], priority: int = -5) -> list[int]:
        from django.db import transaction

        from weighbridge.platform.scans import services
        from weighbridge.platform.scans.models import Scan

        numbers = []
        for address in addresses:
            with transaction.atomic():
                scan = Scan(kind="hub", target=address, priority=priority)
                numbers.append(services.enqueue("tests", scan).pk)
        return numbers

    def done(self, numbers: list[int]) -> int:
        from django.db import DatabaseError, connection

        from weighbridge.platform.scans.models import Scan

        try:
            return Scan.objects.filter(pk__in=numbers, state="done").count()
        except DatabaseError:
            connection.close()
            return 0

    def all_done(self, numbers: list[int], seconds: float = 150) -> None:
        def state() -> bool:
            return self.done(numbers) == len(numbers)

        try:
            eventually(state, f"{len(numbers)} scans are done", seconds)
        except AssertionError:
            from weighbridge.platform.scans.models import Scan

            left = Scan.objects.filter(pk__in=numbers).exclude(state="done")
            shown = list(left.values_list("pk", "state", "attempts", "error", "published_at"))
            raise AssertionError(f"{shown}\n{self.said()}") from None
