"""Reading the files of a target a few at a time, in threads, while its lease is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.conf import settings

from weighbridge.budget import Limits
from weighbridge.defender.files import Refused
from weighbridge.defender.process import Interrupted
from weighbridge.defender.scan import default_jobs
from weighbridge.platform.scans.kept import Kept
from weighbridge.platform.scans.reading import Examined, Stopped, Subject, examined, opened
from weighbridge.platform.scans.targets import Target
from weighbridge.platform.scans.work import Entry

_BEAT_SECONDS = 5.0
Beat = Callable[[], None]
Answered = tuple[Subject | Refused, Examined | None]


def wait_for(tasks: Sequence[Future[Any]], beat: Beat, stopped: Stopped) -> None:
    """Wait for threads, calling `beat` meanwhile; what it raises ends the waiting.

    Raises:
        Interrupted: `stopped` said so.
    """
    try:
        while wait(tasks, _BEAT_SECONDS).not_done:
            beat()
    finally:
        wait(tasks)  # They see for themselves that they should stop.
    if stopped():
        raise Interrupted("this worker ends")


class Reader:
    """Reads what was not read before, in threads that `close` ends."""

    def __init__(
        self, target: Target, kept: Kept, limits: Limits, beat: Beat, stopped: Stopped
    ) -> None:
        self._target = target
        self._kept = kept
        self._limits = limits
        self._beat = beat
        self._stopped = stopped
        jobs = int(getattr(settings, "WEIGHBRIDGE_SCAN_JOBS", 0)) or default_jobs()
        self.at_once = 2 * jobs
        self._threads = ThreadPoolExecutor(jobs, "weighbridge-scan")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def read(self, entries: Sequence[Entry]) -> list[Answered]:
        """Return each file with what was read of it: nothing where its content is known.

        Raises:
            Interrupted: this worker ends.
            WorkerError: no worker process can be started.
        """
        how = (self._target.ahead, self._target.hash_all, self._stopped)
        hashing = [self._threads.submit(opened, entry, *how) for entry in entries]
        try:
            wait_for(hashing, self._beat, self._stopped)
            files = [task.result() for task in hashing]
            answers = {
                number: self._threads.submit(examined, file, self._limits, self._stopped)
                for number, file in enumerate(files)
                if not isinstance(file, Refused) and not self._kept.has(file)
            }
            wait_for(list(answers.values()), self._beat, self._stopped)
            return [
                (file, answers[number].result() if number in answers else None)
                for number, file in enumerate(files)
            ]
        finally:
            for ended in hashing:
                held = ended.result() if ended.exception() is None else None
                if held is not None and not isinstance(held, Refused):
                    held.close()
