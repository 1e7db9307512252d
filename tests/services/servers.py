"""RabbitMQ and PostgreSQL of the tests' own: on free ports, with data folders of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 120
"""Servers start slowly where a machine is busy."""
_ACCOUNT = "postgres"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _newest(pattern: str, name: str) -> str | None:
    found = sorted(Path("/").glob(pattern), key=lambda path: path.parts[-3])
    return str(found[-1]) if found else shutil.which(name)


def postgresql_missing() -> str:
    """Return why PostgreSQL cannot be started here, empty when it can."""
    if PostgreSQL.binary("initdb") is None:
        return "PostgreSQL's initdb is not installed"
    if os.geteuid() == 0 and not _has_account():
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def rabbitmq_missing() -> str:
    """Return why RabbitMQ cannot be started here, empty when it can."""
    return "" if RabbitMQ.binary() else "RabbitMQ's server is not installed"


def _has_account() -> bool:
    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return False
    return True


class PostgreSQL:
    """A server for the user ``tester``, who needs no password."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "postgresql"
        self._data.mkdir()
        self.port = free_port()
        self.address = f"postgresql://tester@127.0.0.1:{self.port}/postgres"
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:  # The server refuses to run as root.
            shutil.chown(self._data, _ACCOUNT, _ACCOUNT)
            self._as = {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []}
        self._call("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "-E", "UTF8",
                   "--no-locale", "-N")  # fmt: skip
        self.start()

    @staticmethod
    def binary(name: str) -> str | None:
        return _newest(f"usr/lib/postgresql/*/bin/{name}", name)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        options += " -c fsync=off -c max_connections=100"
        log = str(self._data / "log")
        self._call("pg_ctl", "-D", str(self._data), "-w", "-t", str(PATIENCE_S), "-l", log,
                   "-o", options, "start")  # fmt: skip

    def stop(self, how: str = "immediate") -> None:
        self._call("pg_ctl", "-D", str(self._data), "-w", "-m", how, "stop")

    def _call(self, name: str, *words: str) -> None:
        program = self.binary(name)
        assert program is not None
        subprocess.run(
            [program, *words],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            **self._as,  # type: ignore[call-overload]
        )


class RabbitMQ:
    """A node with the account guest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "rabbitmq"
        self._folder.mkdir()
        self.port = free_port()
        self._other = free_port()
        self.address = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @staticmethod
    def binary() -> str | None:
        # Debian's wrapper changes to the user rabbitmq; this one runs as whoever calls it.
        place = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        return str(place) if place.exists() else None

    def start(self) -> None:
        program = self.binary()
        assert program is not None
        own = {
            "HOME": str(self._folder),
            "RABBITMQ_NODENAME": f"weighbridge-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._other),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(self._folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self._folder / "generated"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RABBITMQ_")}
        with open(self._folder / "out", "ab") as output:
            self._process = subprocess.Popen(
                [program],
                env={**kept, **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        eventually(lambda: listens(self.port), "RabbitMQ listens")

    def stop(self) -> None:
        """Kill it, as a power cut would."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        eventually(lambda: not listens(self.port), "RabbitMQ is gone")

    def wipe(self) -> None:
        """Forget every queue and message; only while it is stopped."""
        shutil.rmtree(self._folder / "data")
