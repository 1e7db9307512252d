"""The pre-commit hook and the GitHub Action, as far as they can be exercised here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders import pickles as p
from cli.commands import environment

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash")


def hook() -> dict[str, Any]:
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return found  # type: ignore[no-any-return]


def action() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "action.yml").read_text())  # type: ignore[no-any-return]


def hostile() -> bytes:
    call = p.stack_global("os", "system") + p.short_text("echo") + p.TUPLE1 + p.REDUCE
    return p.proto(4) + call + p.STOP


# -- pre-commit ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["model.pkl", "a/b/weights.bin", "m.keras", "m.safetensors", "config.json", "x/config.json"],
)
def test_the_hook_looks_at_model_files(name: str) -> None:
    assert re.search(hook()["files"], name)


@pytest.mark.parametrize("name", ["main.py", "README.md", "package.json", "myconfig.json"])
def test_the_hook_leaves_other_files_alone(name: str) -> None:
    assert not re.search(hook()["files"], name)


def test_the_hook_stops_a_commit_with_a_hostile_file(tmp_path: Path) -> None:
    (tmp_path / "good.pkl").write_bytes(p.proto(4) + p.EMPTY_DICT + p.STOP)
    (tmp_path / "bad.pkl").write_bytes(hostile())
    command, *words = hook()["entry"].split()
    assert command == "weighbridge"
    run = [sys.executable, "-P", "-m", "weighbridge", *words]
    for names, status in ((["good.pkl"], 0), (["good.pkl", "bad.pkl"], 1)):
        done = subprocess.run(
            [*run, *names], cwd=tmp_path, env=environment(), capture_output=True, timeout=60
        )
        assert done.returncode == status, done.stderr


# -- GitHub Action ---------------------------------------------------------------------------------


def steps() -> list[dict[str, Any]]:
    return [step for step in action()["runs"]["steps"] if "run" in step]


def test_every_input_is_used_and_none_is_put_into_a_script() -> None:
    text = (ROOT / "action.yml").read_text()
    for name in action()["inputs"]:
        assert f"inputs.{name}" in text
    for step in steps():
        # An expression inside a script would let an input run as code.
        assert "${{" not in step["run"]


@pytest.mark.skipif(BASH is None, reason="the action's scripts are for bash")
def test_the_scripts_of_the_action_are_bash() -> None:
    for step in steps():
        assert BASH is not None
        done = subprocess.run([BASH, "-n"], input=step["run"], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(BASH is None, reason="the action's scripts are for bash")
@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ({}, 1),
        ({"FAIL_ON": "never"}, 0),
        ({"POLICY": "../policy.toml"}, 0),
        ({"TARGETS": "bad.pkl\n\nother.pkl"}, 1),
        ({"TARGETS": "$(touch pwned)"}, 2),
    ],
)
def test_the_scan_of_the_action(tmp_path: Path, inputs: dict[str, str], status: int) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "bad.pkl").write_bytes(hostile())
    (folder / "other.pkl").write_bytes(p.proto(4) + p.EMPTY_DICT + p.STOP)
    (tmp_path / "policy.toml").write_text("[fail]\nverdict = 'never'\n")
    program = tmp_path / "weighbridge" / "bin" / "weighbridge"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m weighbridge "$@"\n')
    program.chmod(0o755)
    given = {"TARGETS": ".", "FAIL_ON": "", "POLICY": "", "SARIF": "out.sarif", **inputs}
    assert BASH is not None
    done = subprocess.run(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[-1]["run"]],
        cwd=folder,
        env=environment(RUNNER_TEMP=str(tmp_path), **given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    assert "pwned" not in os.listdir(folder)
    if status != 2:
        assert json.loads((folder / "out.sarif").read_text())["version"] == "2.1.0"
