"""A progress bar on a terminal's standard error, for scans that take more than a moment."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from weighbridge.text.escaping import visible

if TYPE_CHECKING:
    import rich.progress

    from weighbridge.defender.scan import Progress

_QUIET_SECONDS = 1.0
_NAME_CHARACTERS = 40


class Meter:
    """Shows a bar for many files at once and for one file after a second; only on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._wanted = stream.isatty()
        self._lock = threading.Lock()
        self._bar: rich.progress.Progress | None = None
        self._timer = threading.Timer(_QUIET_SECONDS, self._show, [None])
        self._timer.daemon = True

    def __enter__(self) -> Meter:
        """Begin; shows nothing yet."""
        if self._wanted:
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self._timer.cancel()
        with self._lock:
            self._wanted = False
            if self._bar is not None:
                self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Show how far the scan is."""
        if not self._wanted or progress.total < 2:
            return
        bar = self._show(progress.total)
        if bar is not None:
            name = visible(os.path.basename(progress.path), _NAME_CHARACTERS)
            task = bar.task_ids[0]
            fetched = f"{progress.fetched / 1e6:.1f} MB " if progress.fetched else ""
            done, total = progress.done, progress.total
            bar.update(task, completed=done, total=total, name=name, fetched=fetched)

    def _show(self, total: int | None) -> rich.progress.Progress | None:
        with self._lock:
            if self._bar is None and self._wanted:
                self._bar = _bar(self._stream, total)
            return self._bar


def _bar(stream: TextIO, total: int | None) -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fetched]}{task.fields[name]}", markup=False),
        console=Console(file=stream),
        transient=True,
    )
    bar.add_task("scan", total=total, name="", fetched="")
    bar.start()
    return bar
