"""The whole program in a process of its own, with the real parsers and rules."""

from __future__ import annotations

import json
import os
import pickle
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import arguments, environment, weigh

import weighbridge

pytest.importorskip("weighbridge.formats.examine")
pytest.importorskip("weighbridge.rules.judge")


class Bad:
    """Would run a command when unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("echo inert",)


BAD = pickle.dumps(Bad())
GOOD = pickle.dumps({"weights": [1.0, 2.0]})


def test_version_is_quick_and_says_what_matters() -> None:
    times = []
    for _ in range(5):
        begun = time.monotonic()
        done = weigh("--version")
        times.append(time.monotonic() - begun)
    assert done.returncode == 0
    first, rules, machine = done.stdout.splitlines()
    assert first == f"weighbridge {weighbridge.__version__}"
    assert rules.startswith("rules ")
    assert machine.startswith(("pickle machine compiled", "pickle machine not compiled"))
    assert min(times) < 0.3


def test_importing_the_package_is_quick() -> None:
    code = "import sys; before = set(sys.modules); import weighbridge; "
    code += "print(len(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert int(done.stdout) <= 2


def test_a_malicious_pickle(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(BAD)
    done = weigh("scan", tmp_path / "model.pkl")
    assert done.returncode == 1
    assert "MALICIOUS" in done.stdout
    assert "system('echo inert')" in done.stdout
    assert "pickle.load" in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_an_honest_pickle(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(GOOD)
    done = weigh("scan", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}: 1 file, CLEAN\n")


def test_a_hostile_directory(tmp_path: Path) -> None:
    """What is scanned must not steer the scanner, from below the target or the directory."""
    marker = tmp_path / "marker"
    target = tmp_path / "target"
    target.mkdir()
    trap = f"open({str(marker)!r}, 'w').close()\nraise SystemExit(0)\n"
    for name in ("sitecustomize", "usercustomize", "lz4", "json", "click", "rich", "zstandard"):
        (target / f"{name}.py").write_text(trap)
    (target / "weighbridge").mkdir()
    (target / "weighbridge" / "__init__.py").write_text(trap)
    (target / "weighbridge.toml").write_text("[scan]\nfail-on = 'never'\n")
    (target / "pyproject.toml").write_text("[tool.weighbridge]\nfail-on = 'never'\n")
    (target / "model.pkl").write_bytes(BAD)
    done = weigh("scan", ".", "--format", "json", cwd=target)
    assert done.returncode == 1
    assert json.loads(done.stdout)["verdict"] == "malicious"
    assert not marker.exists()


def test_hostile_names(tmp_path: Path) -> None:
    target = os.fsencode(tmp_path) + b"/t\x1b[2J"
    os.mkdir(target)
    names = [b"a\nclean.pkl", b"\x1b[31mred.pkl", "\u202egnp.pkl".encode(), b"\xff\xfe.pkl"]
    for name in names:
        with open(target + b"/" + name, "wb") as file:
            file.write(BAD)
    text = weigh("scan", os.fsdecode(target)).stdout
    assert all(char == "\n" or char.isprintable() for char in text)
    for shown in (r"a\nclean.pkl", r"\x1b[31mred.pkl", r"\u202egnp.pkl", r"\udcff\udcfe.pkl"):
        assert f"\n{shown}  MALICIOUS" in text
    done = weigh("scan", os.fsdecode(target), "--format", "json")
    assert done.stdout.isascii()
    paths = {file["path"] for file in json.loads(done.stdout)["files"]}
    assert paths == {"a\nclean.pkl", "\x1b[31mred.pkl", "\u202egnp.pkl", "\\udcff\\udcfe.pkl"}


def test_a_terminal_without_unicode(tmp_path: Path) -> None:
    (tmp_path / "mod\u00e8le.pkl").write_bytes(BAD)
    done = weigh("scan", tmp_path, env=environment(PYTHONIOENCODING="ascii"))
    assert done.returncode == 1
    assert r"mod\xe8le.pkl" in done.stdout


def test_ctrl_c_leaves_a_partial_report(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for number in range(20_000):
        (target / f"{number:05}.pkl").write_bytes(BAD)
    report = tmp_path / "report.json"
    # A busy machine may need longer to begin; what is interrupted before that reports nothing.
    partial = next(filter(None, (interrupted(target, report, after) for after in (2, 5, 15))))
    assert partial["complete"] is False
    assert partial["verdict"] in {"malicious", "inconclusive"}
    assert 0 < len(partial["files"]) < 20_000


def interrupted(target: Path, report: Path, seconds: float) -> dict[str, Any]:
    """Scan, interrupt the scan after some time, and return its report; empty without files."""
    process = subprocess.Popen(
        arguments("scan", target, "--format", "json", "--output", report),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell has what it starts in the background ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if not report.exists():
        return {}
    assert process.returncode == 130, err
    assert (out, err) == (b"", b"")
    partial: dict[str, Any] = json.loads(report.read_text())
    return partial if partial["files"] else {}


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(BAD)
    process = subprocess.Popen(
        arguments("scan", tmp_path),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(30) == 1
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("no_colour", [False, True])
def test_colour_and_progress_on_a_terminal(tmp_path: Path, no_colour: bool) -> None:
    (tmp_path / "model.pkl").write_bytes(BAD)
    (tmp_path / "other.pkl").write_bytes(GOOD)
    ours, theirs = pty.openpty()
    extra = {"TERM": "xterm", **({"NO_COLOR": "1"} if no_colour else {})}
    with subprocess.Popen(
        arguments("scan", tmp_path),
        env=environment(**extra),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # The terminal is gone.
                break
            if not data:
                break
            shown += data
    os.close(ours)
    assert process.returncode == 1
    assert (b"\x1b[1;31mMALICIOUS" in shown) is not no_colour


def test_the_bar_goes_to_standard_error(tmp_path: Path) -> None:
    for name in ("a.pkl", "b.pkl"):
        (tmp_path / name).write_bytes(GOOD)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        arguments("scan", tmp_path),
        env=environment(TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        out = process.stdout.read()
    bar = os.read(ours, 65536)
    os.close(ours)
    assert out == f"{tmp_path}: 2 files, CLEAN\n".encode()
    assert b"2/2" in bar


def test_no_directories_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(GOOD)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    weigh("scan", tmp_path / "model.pkl", env=environment(TMPDIR=str(scratch)))
    assert os.listdir(scratch) == []
