"""What can be scanned: files here, and models at hubs, behind one face."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from weighbridge.budget import DOWNLOAD_BYTES, Limits
from weighbridge.defender.examination import Examiner, FileResult, Stopped
from weighbridge.defender.local_target import LocalTarget
from weighbridge.defender.selection import Selection
from weighbridge.errors import TargetError
from weighbridge.findings.model import ModelInfo

if TYPE_CHECKING:
    from weighbridge.defender.remembering import Remembered
    from weighbridge.sources.access import Access
    from weighbridge.sources.hubs import Listing
    from weighbridge.sources.transport import Transport

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Listed(Protocol):
    """A file that is there to be examined."""

    @property
    def path(self) -> str:
        """Below the target, as shown."""


class Target(Protocol):
    """A set of files that is judged as one.

    Attributes:
        name: as shown.
        folder: the last part of its name.
        lone: it is a single file.
    """

    name: str
    folder: str
    lone: bool
    provider: str
    revision: str | None
    model: ModelInfo | None

    def entries(self) -> Iterator[Any]:
        """Yield what there is to examine, and what is passed or refused."""

    def result(self, entry: Any, examiner: Examiner, stopped: Stopped) -> FileResult:
        """Examine one entry."""

    def with_changes(self, results: Sequence[FileResult]) -> list[FileResult]:
        """Return all results with what changed since another revision was scanned."""

    def close(self) -> None:
        """Let go of what was kept for examining."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How models at hubs are reached, and how much of them.

    Attributes:
        access: endpoints and credentials; None takes them from the environment.
        revision: for targets that name none.
        download: bytes that may be fetched of one file.
        selection: which files are examined, of targets on this machine too.
    """

    access: Access | None = None
    revision: str | None = None
    download: int = DOWNLOAD_BYTES
    selection: Selection = Selection()


def is_address(text: str) -> bool:
    """Tell whether `text` names something on a network."""
    return _ADDRESS.match(text) is not None


def open_target(text: str, reach: Reach, limits: Limits) -> Target:
    """Return the target that `text` names; a model's files are listed at once.

    Raises:
        TargetError: it names nothing that can be scanned.
    """
    if not is_address(text):
        return LocalTarget(text, reach.selection)
    from weighbridge.defender.lookahead import Lookahead
    from weighbridge.defender.remote import RemoteTarget
    from weighbridge.sources import access
    from weighbridge.sources.transport import Transport

    reached = reach.access or access.from_environment()
    transport = Transport(reached.proxies)
    listing = listed(text, reach.revision, reached, transport)
    if listing.provider == "huggingface":
        from weighbridge.sources.huggingface import HuggingFace

        hub = reached.hugging_face
        listing = HuggingFace(hub.endpoint, hub.login, reached.pace).with_licences(listing)
    kept = _remembered(reached.cache, listing, limits, reach.download)
    ahead = Lookahead(transport, reach.download)
    return RemoteTarget(text, listing, ahead, kept, reach.selection)


def listed(text: str, revision: str | None, access: Access, transport: Transport) -> Listing:
    """Ask the hub that `text` belongs to for the model's files.

    Raises:
        TargetError: it names no model at a hub, or the hub does not show it.
    """
    from weighbridge.sources import huggingface_address, kaggle_address
    from weighbridge.sources.huggingface import HuggingFace
    from weighbridge.sources.kaggle import Kaggle

    hub = access.hugging_face
    model = huggingface_address.parse(text, hub.endpoint)
    if model is not None:
        return HuggingFace(hub.endpoint, hub.login, access.pace).listing(model, revision)
    variation = kaggle_address.parse(text)
    if variation is not None:
        kaggle = Kaggle(transport, access.kaggle.endpoint, access.kaggle.login)
        return kaggle.listing(variation, revision)
    raise TargetError(f"{text}: not an address that can be scanned; see weighbridge scan --help")


def _remembered(
    folder: str | None, listing: Listing, limits: Limits, most: int
) -> Remembered | None:
    if folder is None:
        return None
    from weighbridge.defender.remembering import FactCache, Remembered

    return Remembered(FactCache(folder), listing, limits, most)
