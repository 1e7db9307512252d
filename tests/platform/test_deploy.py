"""The files in deploy/: their form, and that what they call exists. Nothing here starts them."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from weighbridge.platform.commands import monitor, serve, worker

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMMANDS: dict[str, click.Command] = {
    "serve": serve.command,
    "worker": worker.command,
    "monitor": monitor.command,
}


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


def composed() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def called() -> Iterator[tuple[str, list[str]]]:
    for path in UNITS:
        words = shlex.split(unit(path)["Service"]["ExecStart"])
        yield path.name, [Path(words[0]).name, *words[1:]]
    for name, service in composed()["services"].items():
        if service.get("image") == "weighbridge":
            yield name, service["command"]
    text = (ROOT / "docs" / "operations.md").read_text()
    for block in re.findall(r"<!-- plain -->\n```text\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("env/bin/weighbridge"):
                yield line, ["weighbridge", *shlex.split(line)[1:]]


@pytest.mark.parametrize(("name", "words"), list(called()))
def test_every_command_exists_with_its_options(name: str, words: list[str]) -> None:
    assert words[0] == "weighbridge"
    given = ["bulk" if word == "%i" else "1" if word.startswith("$") else word for word in words]
    command, rest = COMMANDS[given[1]], given[2:]
    if isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None
        command, rest = found, rest[1:]
    command.make_context(given[1], rest)


def test_units_stop_in_order_and_may_do_little() -> None:
    for path in UNITS:
        service = unit(path)["Service"]
        assert service["KillMode"] == "mixed"
        assert int(service["TimeoutStopSec"]) >= 60
        assert service["NoNewPrivileges"] == "yes"
        assert service["EnvironmentFile"] == "/etc/weighbridge/environment"
        assert unit(path)["Install"]["WantedBy"] == "multi-user.target"


def test_units_as_systemd_reads_them() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    for path in UNITS:
        command = [program, "verify", "--man=no", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        flawed = [line for line in done.stderr.splitlines() if "Unknown" in line]
        assert not flawed, done.stderr


def test_containers_wait_for_each_other_and_keep_their_data() -> None:
    compose = composed()
    services = compose["services"]
    named = set(re.findall(r"\$\{(\w+)\}", (DEPLOY / "compose.yaml").read_text()))
    explained = (DEPLOY / "compose.yaml").read_text().partition("x-weighbridge")[0]
    assert all(name in explained for name in named)
    for service in services.values():
        for other in service.get("depends_on", {}):
            assert "healthcheck" in services[other]
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"]
    queues = {word for one in services.values() for word in one.get("command", [])}
    assert {"interactive", "bulk"} <= queues
