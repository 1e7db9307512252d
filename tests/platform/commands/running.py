"""Runs commands of the platform as users do: in a process of their own, with a data folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import weighbridge

SOURCE = str(Path(weighbridge.__file__).parents[1])
PATIENCE_S = 60


def environment(data: Path, **more: str) -> dict[str, str]:
    """Return the environment of a command: the code under test, and nothing of the tests'."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WEIGHBRIDGE_", "DJANGO_"))}
    return {**kept, "PYTHONPATH": SOURCE, "WEIGHBRIDGE_DATA": str(data), **more}


def arguments(name: str, *words: str) -> list[str]:
    """Return the command line of a command, found without an installation."""
    code = (
        "import sys; from importlib import import_module; from weighbridge.cli import main as m;"
        f"m.LazyGroup._homes['{name}'] = 'weighbridge.platform.commands.{name.replace('-', '_')}';"
        "m.main(sys.argv[1:])"
    )
    return [sys.executable, "-c", code, name, *words]


def run(data: Path, name: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        arguments(name, *words),
        env=environment(data, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Serving:
    """A platform that runs."""

    def __init__(self, process: subprocess.Popen[str], address: str, output: Path) -> None:
        self.process = process
        self.address = address
        self._output = output

    def said(self) -> str:
        """Return what it printed so far."""
        return self._output.read_text()


@contextmanager
def served(data: Path, *words: str, **more: str) -> Iterator[Serving]:
    """Start ``weighbridge serve``, wait until it answers, and stop it gracefully afterwards."""
    port = free_port()
    output = data.parent / f"serve-{port}.txt"
    with open(output, "w") as file:
        process = subprocess.Popen(
            arguments("serve", "--bind", f"127.0.0.1:{port}", *words),
            env=environment(data, PYTHONUNBUFFERED="1", **more),
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    serving = Serving(process, f"http://127.0.0.1:{port}", output)
    try:
        eventually(lambda: answers(serving), serving.said)
        yield serving
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(serving: Serving) -> bool:
    """Tell whether the platform is ready."""
    assert serving.process.poll() is None, serving.said()
    try:
        return httpx.get(f"{serving.address}/health/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(true: Callable[[], Any], said: Callable[[], str] = str) -> Any:
    """Wait, within bounds, until something holds, and return it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := true():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"it never became true; {said()}")
