"""Workers kept warm between files and between scans, shared by all threads of a process."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable

from weighbridge.budget import Limits
from weighbridge.defender.fetching import Supply
from weighbridge.defender.process import Answer, Interrupted, LostWorkerError, WorkerProcess
from weighbridge.errors import WorkerError
from weighbridge.facts.structure import Gap

MOST_JOBS = 64
"""Files that are examined at once at most."""
MOST_IDLE = 8
_STARTS = 2


class Pool:
    """Worker processes; each method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[WorkerProcess] = []

    def warm(self, count: int) -> None:
        """Start processes until `count` are waiting, without waiting for them."""
        with self._lock:
            while len(self._idle) < min(count, MOST_IDLE):
                self._idle.append(WorkerProcess())

    def examine(
        self,
        file: int | Supply,
        limits: Limits,
        stopped: Callable[[], bool] = lambda: False,
        name: str = "",
    ) -> Answer:
        """Have some worker examine an open or remote file; what goes wrong there becomes a gap.

        See :meth:`weighbridge.defender.process.WorkerProcess.examine` for the arguments.

        Raises:
            Interrupted: `stopped` returned true.
            WorkerError: no worker process can be started here at all.
        """
        worker = self._take(stopped)
        usable = False
        try:
            answer = worker.examine(file, limits, stopped, name)
            usable = not answer.spent and not worker.bloated()
        except LostWorkerError as error:
            gap = Gap(member=None, offset=None, format="unknown", code=error.code, text=str(error))
            answer = Answer((gap,), 0)
        finally:
            self._give_back(worker, usable)
        return answer

    def close(self) -> None:
        """End all waiting workers; the pool can still be used and starts new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def _take(self, stopped: Callable[[], bool]) -> WorkerProcess:
        for _ in range(_STARTS):
            worker = self._waiting() or WorkerProcess()
            try:
                worker.wait_ready(stopped)
            except Interrupted:
                worker.close()
                raise
            except WorkerError as error:
                worker.close()
                failure = error
            else:
                return worker
        raise WorkerError(f"no worker process could be started: {failure}")

    def _waiting(self) -> WorkerProcess | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                worker = self._idle.pop()
            if worker.alive():
                return worker
            worker.close()

    def _give_back(self, worker: WorkerProcess, usable: bool) -> None:
        with self._lock:
            if usable and len(self._idle) < MOST_IDLE:
                self._idle.append(worker)
                return
        worker.close()


class _Shared:
    """The process's pool, and those that a fork took from us."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pool: Pool | None = None
        self.inherited: list[Pool] = []

    def forget(self) -> None:
        """In a forked child: leave the parent's workers alone, alive and unused."""
        self.lock = threading.Lock()
        if self.pool is not None:
            self.inherited.append(self.pool)
            self.pool = None

    def close(self) -> None:
        """End what this process started."""
        if self.pool is not None:
            self.pool.close()


_shared = _Shared()
atexit.register(_shared.close)
os.register_at_fork(after_in_child=_shared.forget)


def shared() -> Pool:
    """Return the pool of this process."""
    with _shared.lock:
        if _shared.pool is None:
            _shared.pool = Pool()
        return _shared.pool
