"""One worker process as the scanner sees it: started, given a file, watched, ended."""

from __future__ import annotations

import dataclasses
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from weighbridge.budget import MIB, Limits
from weighbridge.defender import messages
from weighbridge.defender.confinement import GRACE_SECONDS
from weighbridge.defender.fetching import Supply, answer_read
from weighbridge.errors import WorkerError
from weighbridge.facts import FACTS_VERSION, codec
from weighbridge.facts.codec import Fact

BOOT = (
    "import sys; sys.path[:0] = {sys.argv[1]}.difference(sys.path); "
    "from weighbridge.defender.worker import main; main(sys.argv[2:])"
)
"""Run isolated (``-I``), so neither the current directory nor the environment adds modules."""
RECYCLE = 150 * MIB
"""A worker that keeps more than this after a job is replaced, so that little adds up."""
START_SECONDS = 60.0
GLANCE_SECONDS = 0.005

_TEXT = 500
_NAME = 500
_PAGE = os.sysconf("SC_PAGE_SIZE")


class LostWorkerError(WorkerError):
    """A worker that is of no more use; `code` says why in a report."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Interrupted(WorkerError):
    """The user wants no more answers."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a worker found in one file.

    Attributes:
        failure: why the bytes could not be read, if so.
        spent: the worker ran out of memory and ends itself.
    """

    facts: tuple[Fact, ...]
    bytes_read: int
    failure: str | None = None
    spent: bool = False


class WorkerProcess:
    """A running worker and the connection to it; used by one thread at a time.

    Raises:
        WorkerError: it cannot be started here.
    """

    def __init__(self) -> None:
        try:
            self._directory = tempfile.mkdtemp(prefix="weighbridge-")
        except OSError as error:
            raise WorkerError(f"no directory for a worker process: {error}") from error
        self._connection, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _start(theirs.fileno(), self._directory)
        except OSError as error:
            self._connection.close()
            shutil.rmtree(self._directory, ignore_errors=True)
            raise WorkerError(f"no worker process can be started: {error}") from error
        self._poller = select.poll()
        self._poller.register(self._connection, select.POLLIN)
        self._inbox = messages.Inbox()
        self._ready = False
        self._jobs = 0
        self._memory = Limits().memory_bytes

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def bloated(self) -> bool:
        """Tell whether it keeps so much memory that it had better be replaced."""
        return self._resident() > RECYCLE

    def close(self) -> None:
        """End the process at once and remove its directory."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def wait_ready(self, stopped: Callable[[], bool]) -> None:
        """Wait until the process has started up.

        Raises:
            WorkerError: it could not.
        """
        if self._ready:
            return
        deadline = time.monotonic() + START_SECONDS
        message = self._next(deadline, stopped)
        if message["type"] == "failed":
            raise WorkerError(str(message.get("text"))[:_TEXT])
        if message["type"] != "ready" or message.get("facts_version") != FACTS_VERSION:
            raise WorkerError("the worker process is of another version")
        self._ready = True

    def examine(
        self,
        file: int | Supply,
        limits: Limits,
        stopped: Callable[[], bool],
        name: str = "",
    ) -> Answer:
        """Have the worker examine an open file.

        Args:
            file: a descriptor open for reading, of which the worker gets its own copy; or what
                fetches a remote file into one.
            limits: for this file.
            stopped: asked again and again; once true, the job is given up.
            name: the file's own name, without folders. Only texts are told apart by it.

        Raises:
            LostWorkerError: the worker died, hung or answered nonsense, and must be closed.
            Interrupted: `stopped` said so; the worker must be closed.
        """
        self._jobs += 1
        self._memory = limits.memory_bytes
        self._inbox.renew()
        request = {
            "type": "job",
            "id": self._jobs,
            "limits": dataclasses.asdict(limits),
            "name": name[:_NAME],
        }
        supply = None if isinstance(file, int) else file
        if supply is not None:
            request["size"] = supply.size
        try:
            descriptor = file if isinstance(file, int) else file.descriptor
            messages.send(self._connection, request, [descriptor])
            return self._collect(limits, supply, stopped)
        except OSError as error:
            raise self._death() from error
        except (LostWorkerError, Interrupted):
            raise
        except (WorkerError, ValueError) as error:
            raise LostWorkerError("worker-nonsense", f"not understood: {error}") from error

    def _collect(
        self, limits: Limits, supply: Supply | None, stopped: Callable[[], bool]
    ) -> Answer:
        deadline = time.monotonic() + limits.seconds + GRACE_SECONDS
        facts: list[Fact] = []
        while True:
            message = self._next(deadline, stopped)
            if message.get("job") != self._jobs:
                raise WorkerError("an answer to another job")
            if message["type"] == "read" and supply is not None:
                began = time.monotonic()
                self._send(answer_read(message, supply, stopped))
                deadline += time.monotonic() - began  # The network's time is not the parser's.
                continue
            if message["type"] == "failed":
                return Answer((), 0, str(message.get("text"))[:_TEXT])
            batch = message.get("facts")
            if message["type"] != "facts" or not isinstance(batch, list):
                raise WorkerError("an answer of unknown type")
            # One more than allowed: the gap which says that facts were cut.
            if len(facts) + len(batch) > limits.facts + 1:
                raise WorkerError("more facts than allowed")
            facts += map(codec.decode, batch)
            if message.get("last") is True:
                spent = message.get("spent") is True
                return Answer(tuple(facts), _count(message.get("bytes_read")), spent=spent)
            if not batch:
                raise WorkerError("an answer without content")

    def _send(self, message: dict[str, object]) -> None:
        """Send an answer to a worker that may have stopped listening."""
        self._connection.settimeout(GRACE_SECONDS)
        try:
            messages.send(self._connection, message)
        finally:
            self._connection.settimeout(None)

    def _next(self, deadline: float, stopped: Callable[[], bool]) -> dict[str, object]:
        """Return the next message; watches over the process while it waits."""
        while (message := self._inbox.take()) is None:
            if self._poller.poll(GLANCE_SECONDS * 1000):
                data = self._connection.recv(1 << 18)
                if not data:
                    raise self._death()
                self._inbox.feed(data)
            elif self._resident() > self._memory:
                most = self._memory // MIB
                text = f"parsing it needs more than {most} MiB of memory"
                raise LostWorkerError("limit-memory", text)
            if stopped():
                raise Interrupted("interrupted")
            if time.monotonic() > deadline:
                raise LostWorkerError("worker-timeout", "parsing it did not end in time")
        return message

    def _resident(self) -> int:
        try:
            statm = Path(f"/proc/{self._process.pid}/statm").read_bytes()
            return int(statm.split()[1]) * _PAGE
        except (OSError, IndexError):  # No such file system here, or the process is gone.
            return 0

    def _death(self) -> LostWorkerError:
        """Say how the process ended."""
        try:
            status = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return LostWorkerError("worker-crashed", "the worker process hung up")
        if status == -signal.SIGXCPU:
            return LostWorkerError("worker-timeout", "parsing it used up its processor time")
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else -status
            return LostWorkerError("worker-crashed", f"the worker process was ended by {name}")
        return LostWorkerError("worker-crashed", f"the worker process ended with status {status}")


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise WorkerError("not a number of bytes")
    return value


def _start(descriptor: int, directory: str) -> subprocess.Popen[bytes]:
    import weighbridge

    package = os.path.dirname(os.path.dirname(os.path.abspath(weighbridge.__file__)))
    flags = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]
    arguments = [package, str(descriptor), str(os.getpid()), directory]
    return subprocess.Popen(
        [sys.executable, *flags, "-c", BOOT, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[descriptor],
        cwd=directory,
        env=_environment(directory),
        start_new_session=True,
    )


def _environment(directory: str) -> dict[str, str]:
    """Return all that a worker gets to know of our environment."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": directory,
        "TMPDIR": directory,
    }
    # Some interpreters cannot start without it.
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment
