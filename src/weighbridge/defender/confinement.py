"""What a worker process gives up before it reads the first hostile byte."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import sys
from types import FrameType

from weighbridge.budget import MIB, Limits

ADDRESS_SPACE = 1088 * MIB
"""The pickle machine reserves about 700 MiB that it touches only as needed; the rest is the
interpreter and what parsers may allocate before they get a MemoryError."""
GRACE_SECONDS = 5
"""A parser that watches its budget ends by itself; this much later it is made to."""

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine(parent: int, directory: str) -> None:
    """Lower this process's rights for good and tie its life to that of process `parent`."""
    os.chdir(directory)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(parent, directory)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_AS, ADDRESS_SPACE)
    _lower(resource.RLIMIT_FSIZE, Limits().inflated_bytes)
    if hasattr(resource, "RLIMIT_NPROC"):
        _lower(resource.RLIMIT_NPROC, 0)


def allow_seconds(seconds: float) -> None:
    """Allow this much processor time from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    total = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or total <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (total, hard))


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _end_with(parent: int, directory: str) -> None:
    """Have the kernel say when the parent is gone, and leave nothing behind then.

    The signal also comes when only the parent's *thread* that started us ends, hence the look at
    who our parent is.
    """

    def orphaned(_signal: int = 0, _frame: FrameType | None = None) -> None:
        if os.getppid() != parent:
            shutil.rmtree(directory, ignore_errors=True)
            os._exit(0)

    signal.signal(signal.SIGTERM, orphaned)
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    orphaned()
