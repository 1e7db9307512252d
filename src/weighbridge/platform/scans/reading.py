"""Reading one file of a target: opened once, hashed, and examined by a worker process.

Runs in threads that know nothing of the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.budget import Limits
from weighbridge.defender import pool
from weighbridge.defender.files import Found, Refused, open_regular
from weighbridge.defender.hashing import EAGER_BYTES, sha256_of
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Gap

Stopped = Callable[[], bool]


@dataclass(slots=True)
class OpenFile:
    """A file that stays open from its hash to its last read, so that both see one content."""

    path: str
    descriptor: int
    size: int
    changed_ns: int
    sha256: str | None

    @property
    def etag(self) -> str:
        """What stands for the content where there is no hash."""
        return str(self.changed_ns)

    def close(self) -> None:
        """Close it; once is enough."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@dataclass(frozen=True, slots=True)
class Examined:
    """Facts of a file; `steady` is False when it was written to meanwhile."""

    facts: tuple[Fact, ...]
    bytes_read: int
    steady: bool


def opened(entry: Found | Refused, hash_all: bool, stopped: Stopped) -> OpenFile | Refused:
    """Open a file and compute its hash, unless it is large and nobody asked for that."""
    if isinstance(entry, Refused):
        return entry
    descriptor = open_regular(entry)
    if isinstance(descriptor, Refused):
        return descriptor
    status = os.fstat(descriptor)
    file = OpenFile(entry.path, descriptor, status.st_size, status.st_mtime_ns, None)
    if hash_all or file.size <= EAGER_BYTES:
        file.sha256 = sha256_of(descriptor, file.size, stopped)
    return file


def examined(file: OpenFile, limits: Limits, stopped: Stopped) -> Examined:
    """Have a worker process read the facts out of an open file.

    Raises:
        Interrupted: `stopped` said so.
        WorkerError: no worker process can be started.
    """
    answer = pool.shared().examine(file.descriptor, limits, stopped, os.path.basename(file.path))
    facts = answer.facts
    if answer.failure is not None:
        facts += (_gap("source-error", answer.failure),)
    after = os.fstat(file.descriptor)
    steady = (file.size, file.changed_ns) == (after.st_size, after.st_mtime_ns)
    if not steady:
        facts += (_gap("changed", "the file was changed during the scan"),)
    return Examined(facts, answer.bytes_read, steady)


def _gap(code: str, text: str) -> Gap:
    return Gap(member=None, offset=None, format="unknown", code=code, text=text)
