"""Scanning one target: files in parallel, each parsed by a worker and judged by the rules."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from weighbridge.budget import Limits
from weighbridge.defender import pool
from weighbridge.defender.declared import with_declared
from weighbridge.defender.examination import Examiner, FileResult
from weighbridge.defender.files import Passed
from weighbridge.defender.pool import MOST_JOBS
from weighbridge.defender.process import Interrupted
from weighbridge.defender.repository import judged_together
from weighbridge.defender.targets import Listed, Reach, Target, is_address, open_target
from weighbridge.defender.twins import with_twins
from weighbridge.findings.agreement import with_agreement
from weighbridge.findings.model import CoverageNote, ScanReport, Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.libraries.collecting import card_of, collected, uses_of

_DEFAULT_MOST_JOBS = 8
_REMOTE_JOBS = 2
"""Files of a hub are waited for more than they are parsed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: files done of all files, the file done last, and bytes fetched so far."""

    done: int
    total: int
    path: str
    fetched: int = 0


OnProgress = Callable[[Progress], None]


def default_jobs() -> int:
    """Return how many files are examined at once unless told otherwise."""
    if sys.platform == "linux":
        return min(len(os.sched_getaffinity(0)), _DEFAULT_MOST_JOBS)
    return min(os.cpu_count() or 1, _DEFAULT_MOST_JOBS)


def scan(
    path: str | os.PathLike[str] | Target,
    *,
    jobs: int | None = None,
    deep: bool = False,
    limits: Limits | None = None,
    progress: OnProgress | None = None,
    reach: Reach | None = None,
) -> ScanReport:
    """Tell what would run if the models at `path` were loaded, without loading them.

    Args:
        path: a file, a directory, the address of a model at a hub, such as
            ``hf://org/name@revision``, or a target that was opened before.
        jobs: how many files are examined at once, each in a process of its own; by default as
            many as there are processors, up to eight.
        deep: read every byte, those of tensors too: search it for known payloads, compute every
            hash, and hold it against the one that the provider declares. Files at hubs are fetched
            whole.
        limits: what one file may cost; the defaults suit honest models of any size.
        progress: called in the calling thread after each file.
        reach: how hubs are reached; by default as the environment says.

    Returns:
        The report. When interrupted (Ctrl-C) it has ``complete=False`` and the files done so far.

    Raises:
        TargetError: there is no such file, directory or model, or it may not be read.
        WorkerError: no worker process can be started on this machine.
        ValueError: `jobs` is out of range.
    """
    started = time.monotonic()
    target = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    limits = limits or Limits()
    limits = replace(limits, deep=limits.deep or deep)
    examiner = Examiner(limits)
    remote = isinstance(target, str) and is_address(target)
    if jobs is None:
        jobs = max(default_jobs(), _REMOTE_JOBS) if remote else default_jobs()
    if not 1 <= jobs <= MOST_JOBS:
        raise ValueError(f"jobs must be between 1 and {MOST_JOBS}")
    if remote:
        # Workers start and rules are loaded while the model's files are listed.
        pool.shared().warm(jobs)
        threading.Thread(target=examiner.prepare, daemon=True).start()
    if isinstance(target, str):
        target = open_target(target, reach or Reach(), limits)
    run = _Run(target, examiner, progress)
    try:
        try:
            run.list_target()
            run.examine(jobs)
        except KeyboardInterrupt:
            run.stop.set()
        return run.report(started)
    finally:
        run.close()


class _Run:
    """The state of one scan. Results stand at their file's index, so their order is stable."""

    def __init__(self, target: Target, examiner: Examiner, progress: OnProgress | None) -> None:
        self.stop = threading.Event()
        self._target = target
        self._examiner = examiner
        self._progress = progress
        self._entries: list[Listed] = []
        self._notes: list[CoverageNote] = []
        self._results: dict[int, FileResult] = {}
        self._listed = False
        self._next = iter(range(0))
        self._lock = threading.Lock()
        self._done: queue.SimpleQueue[int | None] = queue.SimpleQueue()

    def list_target(self) -> None:
        """Find the files."""
        for entry in self._target.entries():
            if isinstance(entry, Passed):
                self._notes.append(CoverageNote(entry.code, entry.text, None, entry.path))
            else:
                self._entries.append(entry)
        self._next = iter(range(len(self._entries)))
        self._listed = True

    def examine(self, jobs: int) -> None:
        """Examine all files, `jobs` at a time.

        Raises:
            WorkerError: no worker can be started.
        """
        jobs = min(jobs, len(self._entries))
        if not jobs:
            return
        pool.shared().warm(jobs)
        self._examiner.prepare()
        with ThreadPoolExecutor(jobs, "weighbridge-scan") as threads:
            try:
                tasks = [threads.submit(self._drain) for _ in range(jobs)]
                self._follow(jobs)
            finally:
                self.stop.set()
        for task in tasks:
            task.result()

    def _drain(self) -> None:
        """Examine one file after another; runs in several threads."""
        ended = False
        try:
            while (index := self._take()) is not None:
                entry = self._entries[index]
                result = self._target.result(entry, self._examiner, self.stop.is_set)
                self._results[index] = result
                self._done.put(index)
            ended = True
        except Interrupted:
            return
        finally:
            if not ended:
                self.stop.set()
            self._done.put(None)

    def _take(self) -> int | None:
        """Return the index of a file that nobody has begun, None when this thread should end."""
        with self._lock:
            return None if self.stop.is_set() else next(self._next, None)

    def _follow(self, jobs: int) -> None:
        """Report progress until every thread has ended."""
        done = fetched = 0
        while jobs:
            index = self._done.get()
            if index is None:
                jobs -= 1
                continue
            done += 1
            if self._progress is not None:
                total = len(self._entries)
                fetched += self._results[index].file.fetched
                self._progress(Progress(done, total, self._entries[index].path, fetched))

    def close(self) -> None:
        """Let go of the target."""
        self._target.close()

    def report(self, started: float) -> ScanReport:
        """Put the results together; `started` is a time of `time.monotonic`."""
        complete = self._listed and len(self._results) == len(self._entries)
        results = [self._results[index] for index in sorted(self._results)]
        results = with_declared(results)
        results = judged_together(results, self._target.folder, self._target.lone)
        if complete:
            results = self._target.with_changes(results)
        files = with_agreement(with_twins(result.file for result in results))
        findings = tuple(finding for result in results for finding in result.findings)
        mentions = [(one.file.path, one.mentions) for one in results]
        return ScanReport(
            target=self._target.name,
            provider=self._target.provider,
            revision=self._target.revision,
            complete=complete,
            verdict=_verdict((file.verdict for file in files), complete),
            files=files,
            findings=findings,
            seconds=time.monotonic() - started,
            notes=tuple(self._notes),
            model=self._target.model,
            libraries=collected(mentions),
            card=card_of(mentions),
            uses=uses_of(mentions),
        )


def _verdict(verdicts: Iterable[Verdict], complete: bool) -> Verdict:
    """Return the target's verdict; one that was not scanned to the end is never clean."""
    unfinished = () if complete else (Verdict.INCONCLUSIVE,)
    return strongest((*verdicts, *unfinished))
