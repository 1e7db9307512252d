"""What a scan looks at: a path below an allowed folder, an upload in the private spool, a model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from weighbridge.defender.files import Found, Passed, Refused, walk
from weighbridge.defender.lookahead import Lookahead
from weighbridge.defender.remote import Remote
from weighbridge.errors import TargetError
from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.catalog.services import ModelFacts
from weighbridge.platform.scans.models import Scan, TargetKind


@dataclass(frozen=True, slots=True)
class Target:
    """A target that was found.

    Attributes:
        parents: relation by name of the models that it was made from.
        hash_all: compute the hash of every file, however large.
        folder: the last part of its name, by which files may refer to it.
        lone: it is a single file.
        endpoint: of the hub whose word the declared hashes are.
        ahead: fetches from a hub.
    """

    provider: str
    name: str
    revision: str
    facts: ModelFacts
    entries: tuple[Found | Remote | Refused, ...]
    passed: tuple[Passed, ...] = ()
    parents: dict[str, str] = field(default_factory=dict)
    hash_all: bool = False
    folder: str = ""
    lone: bool = False
    endpoint: str = ""
    ahead: Lookahead | None = None

    def close(self) -> None:
        """Give up what is still being fetched."""
        if self.ahead is not None:
            self.ahead.close()


Opener = Callable[[Scan], Target]


def spool() -> Path:
    """Return the private folder of uploads, made on first use."""
    folder = Path(settings.WEIGHBRIDGE_SPOOL)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def allowed_path(text: str) -> str:
    """Return the real path of a target on this machine, links resolved.

    Raises:
        TargetError: it does not lie below a folder of WEIGHBRIDGE_LOCAL_ROOTS. What is not allowed
            and what does not exist get the same answer.
    """
    roots = [os.path.realpath(root) for root in getattr(settings, "WEIGHBRIDGE_LOCAL_ROOTS", [])]
    refused = TargetError("this path is not below a folder that this server may scan")
    if not text or "\0" in text or not os.path.isabs(text):
        raise refused
    real = os.path.realpath(text)
    if not any(real == root or real.startswith(root.rstrip(os.sep) + os.sep) for root in roots):
        raise refused
    if not os.path.exists(real):
        raise refused
    return real


def find(scan: Scan) -> Target:
    """Find the files of a scan's target.

    Raises:
        TargetError: there is nothing that may be scanned.
    """
    return _OPENERS[TargetKind(scan.kind)](scan)


def _path(scan: Scan) -> Target:
    real = allowed_path(scan.target)
    entries, passed = _listed(real)
    return Target(
        provider="local",
        name=scan.target,
        revision=_listing(entries),
        facts=ModelFacts(restricted=scan.restricted),
        entries=entries,
        passed=passed,
        hash_all=scan.deep,
        folder=os.path.basename(scan.target),
        lone=not os.path.isdir(real),
    )


def _upload(scan: Scan) -> Target:
    upload = scan.upload
    if upload.deleted_at is not None:
        raise TargetError("the upload was deleted; send it again")
    place = spool() / upload.spool
    if not place.is_file():
        raise TargetError("the upload is not in the spool; send it again")
    return Target(
        provider="local",
        name=scan.target,
        revision=upload.sha256,
        facts=ModelFacts(restricted=True),
        entries=(Found(upload.name, str(place)),),
        hash_all=True,
        folder=upload.name,
        lone=True,
    )


def _hub(scan: Scan) -> Target:
    from weighbridge.platform.scans.hub_targets import open_hub

    return open_hub(scan.target)


_OPENERS: dict[TargetKind, Opener] = {
    TargetKind.PATH: _path,
    TargetKind.UPLOAD: _upload,
    TargetKind.HUB: _hub,
}


def _listed(real: str) -> tuple[tuple[Found | Refused, ...], tuple[Passed, ...]]:
    entries: list[Found | Refused] = []
    passed: list[Passed] = []
    for entry in walk(real):
        if isinstance(entry, Passed):
            passed.append(entry)
        else:
            entries.append(entry)
    return tuple(entries), tuple(passed)


def _listing(entries: tuple[Found | Refused, ...]) -> str:
    """Return a revision that stays the same as long as no file changes."""
    return "local-" + sha256(canonical(list(_states(entries))))[:32]


def _states(entries: tuple[Found | Refused, ...]) -> Iterator[list[str | int]]:
    for entry in entries:
        place = entry.place if isinstance(entry, Found) else ""
        try:
            status = os.stat(place)
        except OSError:
            yield [entry.path]
        else:
            yield [entry.path, status.st_size, status.st_mtime_ns]
