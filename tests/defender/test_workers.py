"""Real worker processes that crash, hang, swell and lie."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from weighbridge.budget import Limits
from weighbridge.defender import confinement, pool, process
from weighbridge.defender.process import Answer, Interrupted, WorkerProcess
from weighbridge.errors import WorkerError
from weighbridge.facts.structure import Format, Gap, Note

pytestmark = pytest.mark.usefixtures("fake_worker")

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@pytest.fixture
def workers() -> Iterator[pool.Pool]:
    fresh = pool.Pool()
    yield fresh
    fresh.close()


def examine(workers: pool.Pool, directory: Path, content: str, **limits: float) -> Answer:
    path = directory / "file"
    path.write_text(content)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return workers.examine(descriptor, replace(Limits(), **limits))
    finally:
        os.close(descriptor)


def gap_of(answer: Answer) -> Gap:
    gap = answer.facts[-1]
    assert isinstance(gap, Gap)
    return gap


def surroundings(workers: pool.Pool, directory: Path) -> dict[str, object]:
    note = examine(workers, directory, "surroundings").facts[-1]
    assert isinstance(note, Note)
    seen: dict[str, object] = json.loads(note.text)
    return seen


def test_one_process_does_many_jobs(workers: pool.Pool, tmp_path: Path) -> None:
    pids = {surroundings(workers, tmp_path)["pid"] for _ in range(5)}
    assert len(pids) == 1
    assert pids != {os.getpid()}


def test_facts_and_bytes_read_come_back(workers: pool.Pool, tmp_path: Path) -> None:
    answer = examine(workers, tmp_path, "fine and well")
    assert answer == Answer((Format(None, "fake", 13),), 13)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGBUS"])
def test_a_crash_costs_one_file(workers: pool.Pool, tmp_path: Path, name: str) -> None:
    gap = gap_of(examine(workers, tmp_path, f"signal {name}"))
    assert gap.code == "worker-crashed"
    assert name in gap.text
    assert not any(isinstance(fact, Gap) for fact in examine(workers, tmp_path, "fine").facts)


def test_a_worker_killed_from_outside_during_a_job(workers: pool.Pool, tmp_path: Path) -> None:
    pid = surroundings(workers, tmp_path)["pid"]
    assert isinstance(pid, int)
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
    assert gap_of(examine(workers, tmp_path, "sleep 30")).code == "worker-crashed"


def test_a_worker_that_died_between_jobs_is_replaced(workers: pool.Pool, tmp_path: Path) -> None:
    pid = surroundings(workers, tmp_path)["pid"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    assert surroundings(workers, tmp_path)["pid"] != pid


@pytest.mark.parametrize("content", ["sleep 60", "spin"])
def test_a_hang_is_ended(
    workers: pool.Pool, tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.1)
    begun = time.monotonic()
    gap = gap_of(examine(workers, tmp_path, content, seconds=0.3))
    assert gap.code == "worker-timeout"
    assert time.monotonic() - begun < 5


@LINUX
def test_processor_time_is_limited_in_the_worker_too(
    workers: pool.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 60)
    gap = gap_of(examine(workers, tmp_path, "spin", seconds=-4.9))
    assert gap.code == "worker-timeout"
    assert "processor" in gap.text


@LINUX
@pytest.mark.parametrize("content", ["memory 16", "memory 2000", "brim", "touch 320"])
def test_a_memory_bomb_is_ended(workers: pool.Pool, tmp_path: Path, content: str) -> None:
    gap = gap_of(examine(workers, tmp_path, content))
    assert gap.code == "limit-memory"
    assert gap_of(examine(workers, tmp_path, "gap")).code == "malformed-fake"


@LINUX
def test_a_worker_that_keeps_much_memory_is_replaced(
    workers: pool.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = surroundings(workers, tmp_path)["pid"]
    monkeypatch.setattr(process, "RECYCLE", 1)
    assert surroundings(workers, tmp_path)["pid"] == first
    assert surroundings(workers, tmp_path)["pid"] != first


def test_recursion_is_a_gap(workers: pool.Pool, tmp_path: Path) -> None:
    assert gap_of(examine(workers, tmp_path, "recursion")).code == "limit-recursion"


def test_a_bug_is_a_gap_without_the_text_of_the_input(workers: pool.Pool, tmp_path: Path) -> None:
    gap = gap_of(examine(workers, tmp_path, "bug"))
    assert gap.code == "internal-error"
    assert "ZeroDivisionError" in gap.text
    assert "text of the input" not in gap.text


def test_unreadable_bytes_are_a_failure(workers: pool.Pool, tmp_path: Path) -> None:
    answer = examine(workers, tmp_path, "source")
    assert answer == Answer((), 0, "reading failed: Input/output error")


NONSENSE = (
    "no-json no-object huge deep other-job unknown-type unknown-fact wrong-fact negative digits "
    "empty endless half"
)


@pytest.mark.parametrize("name", NONSENSE.split())
def test_nonsense_is_refused(workers: pool.Pool, tmp_path: Path, name: str) -> None:
    gap = gap_of(examine(workers, tmp_path, f"nonsense {name}"))
    assert gap.code == ("worker-crashed" if name == "half" else "worker-nonsense")
    assert not any(isinstance(fact, Gap) for fact in examine(workers, tmp_path, "fine").facts)


def test_facts_are_capped_with_a_gap(workers: pool.Pool, tmp_path: Path) -> None:
    answer = examine(workers, tmp_path, "flood 30000", facts=20_000)
    assert len(answer.facts) == 20_001
    assert gap_of(answer).code == "limit-facts"


def test_many_facts_come_in_several_batches(workers: pool.Pool, tmp_path: Path) -> None:
    answer = examine(workers, tmp_path, "flood 30000")
    offsets = [fact.offset for fact in answer.facts if isinstance(fact, Note)]
    assert offsets == list(range(30_000))


def test_nothing_of_our_environment_leaks(
    workers: pool.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("https_proxy", "http://proxy")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    monkeypatch.chdir(tmp_path)
    seen = surroundings(workers, tmp_path)
    environment = seen["environment"]
    assert isinstance(environment, dict)
    allowed = {"PATH", "LANG", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LC_CTYPE"}
    assert set(environment) <= allowed
    assert environment["HOME"] == environment["TMPDIR"]
    assert seen["directory"] == []
    assert isinstance(seen["path"], list)
    assert str(tmp_path) not in seen["path"]
    assert "" not in seen["path"]


def test_modules_beside_the_target_or_in_the_current_directory_are_not_imported(
    workers: pool.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "imported"
    trap = f"open({str(marker)!r}, 'w').close()\n"
    for name in ("sitecustomize", "usercustomize", "lz4", "json", "weighbridge", "encodings"):
        (tmp_path / f"{name}.py").write_text(trap)
    (tmp_path / "weighbridge.toml").write_text("fail-on = 'never'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    surroundings(workers, tmp_path)
    assert not marker.exists()


@LINUX
def test_the_worker_has_given_up_its_rights(workers: pool.Pool, tmp_path: Path) -> None:
    seen = surroundings(workers, tmp_path)
    assert "NoNewPrivs:\t1" in str(seen["status"])
    descriptors = seen["descriptors"]
    assert isinstance(descriptors, list)
    # Standard streams, the connection, the file, and the listing itself.
    assert len(descriptors) == 6


def test_the_private_directory_is_removed(workers: pool.Pool, tmp_path: Path) -> None:
    environment = surroundings(workers, tmp_path)["environment"]
    assert isinstance(environment, dict)
    assert Path(environment["HOME"]).is_dir()
    examine(workers, tmp_path, "signal SIGKILL")
    assert not Path(environment["HOME"]).exists()


def test_giving_up_ends_the_job(workers: pool.Pool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("sleep 60")
    begun = time.monotonic()
    with path.open() as file, pytest.raises(Interrupted):
        workers.examine(file.fileno(), Limits(), lambda: time.monotonic() - begun > 0.3)
    assert time.monotonic() - begun < 5


def test_a_process_that_cannot_start_is_an_error(
    workers: pool.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BOOT", "raise SystemExit(3)")
    with pytest.raises(WorkerError, match="status 3"):
        examine(workers, tmp_path, "fine")


def test_threads_share_the_pool(workers: pool.Pool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("sleep 0.2")
    answers: list[Answer] = []

    def work() -> None:
        with path.open() as file:
            answers.append(workers.examine(file.fileno(), Limits()))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert all(answer.facts == (Format(None, "fake", 9),) for answer in answers)


def test_workers_outlive_the_thread_that_started_them(workers: pool.Pool, tmp_path: Path) -> None:
    pids: list[object] = []
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: pids.append(surroundings(workers, tmp_path)["pid"])
        )
        thread.start()
        thread.join()
        time.sleep(0.05)
    assert pids[0] == pids[1]


SCRIPT = """
import os, signal, sys, time
sys.path[:0] = {paths!r}
from weighbridge.budget import Limits
from weighbridge.defender import pool, process
process.BOOT = {boot!r}

def pid():
    file = os.open(sys.argv[1], os.O_RDONLY)
    text = pool.shared().examine(file, Limits()).facts[-1].text
    os.close(file)
    import json
    seen = json.loads(text)
    return seen["pid"], seen["environment"]["HOME"]

{body}
"""


def run_script(tmp_path: Path, body: str) -> str:
    """Run Python code in a process of its own, where `pid()` names the worker."""
    (tmp_path / "file").write_text("surroundings")
    paths = [str(Path(process.__file__).parents[2])]
    script = SCRIPT.format(paths=paths, boot=process.BOOT, body=textwrap.dedent(body))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path / "file")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


def gone(pid: int, directory: str) -> bool:
    """Wait until process and directory are gone."""
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() and not Path(directory).exists():
            return True
        time.sleep(0.05)
    return False


def test_workers_end_with_the_program(tmp_path: Path) -> None:
    pid, directory = run_script(tmp_path, "print(*pid())").split()
    assert gone(int(pid), directory)


@LINUX
@pytest.mark.parametrize("busy", [False, True])
def test_workers_end_when_the_program_is_killed(tmp_path: Path, busy: bool) -> None:
    body = """
    print(*pid(), flush=True)
    if BUSY:
        with open(sys.argv[1], "w") as file:
            file.write("sleep 60")
        import threading
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
        pid()
    os.kill(os.getpid(), signal.SIGKILL)
    """.replace("BUSY", str(busy))
    pid, directory = run_script(tmp_path, body).split()
    assert gone(int(pid), directory)


def test_a_forked_child_gets_workers_of_its_own(tmp_path: Path) -> None:
    body = """
    print(pid()[0], flush=True)
    child = os.fork()
    print(pid()[0], flush=True)
    if child:
        os.waitpid(child, 0)
        print(pid()[0], flush=True)
    """
    pids = run_script(tmp_path, body).split()
    assert len(pids) == 4
    assert len(set(pids)) == 2


def test_limits_fit_the_machine() -> None:
    """The reserved mappings and a working heap fit below the limit on addresses."""
    assert confinement.ADDRESS_SPACE > 700 << 20
    assert Limits().memory_bytes < 300_000_000


def test_a_closed_pool_can_be_used_again(workers: pool.Pool, tmp_path: Path) -> None:
    first = surroundings(workers, tmp_path)["pid"]
    workers.close()
    assert surroundings(workers, tmp_path)["pid"] != first


def test_warming_up_starts_processes_once(workers: pool.Pool, tmp_path: Path) -> None:
    workers.warm(2)
    workers.warm(2)
    first = {surroundings(workers, tmp_path)["pid"] for _ in range(2)}
    assert len(first) == 1


def test_a_worker_process_says_whether_it_lives() -> None:
    worker = WorkerProcess()
    assert worker.alive()
    worker.close()
    assert not worker.alive()
