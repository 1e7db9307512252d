"""Reading one file of a target: opened once, hashed, and examined by a worker process.

Runs in threads that know nothing of the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from weighbridge.budget import Limits
from weighbridge.defender import pool
from weighbridge.defender.examination import gap, limits_for
from weighbridge.defender.files import Found, Refused, open_regular
from weighbridge.defender.hashing import sha256_of
from weighbridge.defender.lookahead import Lookahead
from weighbridge.defender.process import Answer
from weighbridge.defender.remote import Remote
from weighbridge.defender.roles import role_of
from weighbridge.facts.codec import Fact
from weighbridge.platform.audit.canonical import storable

NAME_LENGTH = 255
Stopped = Callable[[], bool]


@dataclass(slots=True)
class OpenFile:
    """A file that stays open from its hash to its last read, so that both see one content."""

    path: str
    descriptor: int
    size: int
    changed_ns: int
    sha256: str | None
    declared: str | None = None
    said: tuple[tuple[str, str, str], ...] = ()

    @property
    def etag(self) -> str:
        """What stands for the content where there is no hash."""
        return str(self.changed_ns)

    def examine(self, limits: Limits, stopped: Stopped) -> Examined:
        """See :func:`examined`."""
        name = os.path.basename(self.path)
        given = limits_for(self.size, limits)
        answer = pool.shared().examine(self.descriptor, given, stopped, name)
        facts = with_failure(answer)
        after = os.fstat(self.descriptor)
        steady = (self.size, self.changed_ns) == (after.st_size, after.st_mtime_ns)
        if not steady:
            facts += (gap("changed", "the file was changed during the scan"),)
        return Examined(facts, answer.bytes_read, steady, self.sha256 if steady else None)

    def close(self) -> None:
        """Close it; once is enough."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Subject(Protocol):
    """A file that can be examined, here or at a hub.

    Attributes:
        sha256: computed before it is examined.
        declared: by its provider.
        etag: stands for the content where there is no hash.
        said: what the provider's scanners say: scanner, status and more about it.
    """

    path: str

    @property
    def size(self) -> int:
        """Length in bytes."""

    @property
    def sha256(self) -> str | None:
        """Computed hash."""

    @property
    def declared(self) -> str | None:
        """Declared hash."""

    @property
    def etag(self) -> str:
        """Tag of the content."""

    @property
    def said(self) -> Sequence[tuple[str, str, str]]:
        """What others say."""

    def examine(self, limits: Limits, stopped: Stopped) -> Examined:
        """See :func:`examined`."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Facts of a file.

    Attributes:
        steady: the content was one and the same, and what its provider declares.
        sha256: computed, where all of a steady file was read.
        fetched: bytes that came over the network for it.
    """

    facts: tuple[Fact, ...]
    bytes_read: int
    steady: bool
    sha256: str | None = None
    fetched: int = 0


def opened(
    entry: Found | Remote | Refused, ahead: Lookahead | None, hash_all: bool, stopped: Stopped
) -> Subject | Refused:
    """Open a file and compute its hash, unless it is at a hub, or large and nobody asked for it."""
    if isinstance(entry, Remote):
        from weighbridge.platform.scans.hub_targets import RemoteFile

        assert ahead is not None
        return RemoteFile(entry.path, entry.file, ahead)
    if isinstance(entry, Refused):
        return entry
    descriptor = open_regular(entry)
    if isinstance(descriptor, Refused):
        return descriptor
    status = os.fstat(descriptor)
    file = OpenFile(entry.path, descriptor, status.st_size, status.st_mtime_ns, None)
    if hash_all or file.size <= Limits().hashed_bytes:
        file.sha256 = sha256_of(descriptor, file.size, stopped)
    return file


def examined(file: Subject, limits: Limits, stopped: Stopped) -> Examined:
    """Have a worker process read the facts out of a file.

    Raises:
        Interrupted: `stopped` said so.
        WorkerError: no worker process can be started.
    """
    return file.examine(limits, stopped)


def with_failure(answer: Answer) -> tuple[Fact, ...]:
    """Return the facts of an answer; that its bytes failed is one of them."""
    if answer.failure is None:
        return answer.facts
    return (*answer.facts, gap("source-error", answer.failure))


def read_as(path: str) -> str:
    """Return the name that counts when a file is read: texts are told apart by it.

    Weights are told by their bytes alone, but for path files, which Python runs.
    """
    name = os.path.basename(path).lower()
    if role_of(path) == "weights" and not name.endswith(".pth"):
        return ""
    return storable(name, NAME_LENGTH)
