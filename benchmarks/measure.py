"""Times and peak memory of programs and of the workers they start."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_PEAK = re.compile(rb"VmHWM:\s+(\d+) kB")


def seconds(action: Callable[[], object], rounds: int) -> float:
    """Return the median wall time of `action`."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


class PeakMemory:
    """Watches a process and its children while a block runs; Linux only.

    The kernel keeps the peak of each process, so looking now and then misses little of it.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.parent = 0
        self.workers = 0

    def __enter__(self) -> PeakMemory:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.002):
            self.parent = max(self.parent, _peak(self._process))
            for child in _children(self._process):
                self.workers = max(self.workers, _peak(child))


def _peak(process: int) -> int:
    with suppress(OSError):
        found = _PEAK.search(Path(f"/proc/{process}/status").read_bytes())
        return int(found[1]) * 1024 if found else 0
    return 0


def _children(process: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            with suppress(OSError):
                text = Path(f"/proc/{process}/task/{task}/children").read_text()
                found += map(int, text.split())
    return found


def run_watched(arguments: Sequence[str], folder: Path) -> tuple[float, PeakMemory, str]:
    """Run ``weighbridge``; return its wall time, its peak memory and its output."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "weighbridge", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        encoding="utf-8",
    )
    with PeakMemory(process.pid) as peak:
        output, errors = process.communicate()
    taken = time.perf_counter() - began
    if process.returncode not in (0, 1):
        raise SystemExit(f"weighbridge {' '.join(arguments)} failed:\n{errors}")
    return taken, peak, output
