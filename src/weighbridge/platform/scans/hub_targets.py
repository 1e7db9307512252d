"""A model at a hub as a target: listed and fetched here, parsed by workers without network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.dateparse import parse_datetime

from weighbridge.budget import Limits
from weighbridge.defender import pool
from weighbridge.defender.examination import limits_for
from weighbridge.defender.files import Refused
from weighbridge.defender.lookahead import Lookahead
from weighbridge.defender.process import Answer
from weighbridge.defender.remote import Read, Remote, by_path, entry_of, model_of, read
from weighbridge.defender.targets import listed
from weighbridge.findings.model import ModelInfo
from weighbridge.platform import hub_pace
from weighbridge.platform.catalog.models import Relation
from weighbridge.platform.catalog.services import ModelFacts
from weighbridge.platform.hub_access import checked_address
from weighbridge.platform.scans.reading import Examined, Stopped, with_failure
from weighbridge.platform.scans.targets import Target
from weighbridge.sources.hubs import HubFile, Listing
from weighbridge.sources.spool import Spool
from weighbridge.sources.transport import Transport

_RELATIONS = {
    "finetune": Relation.FINE_TUNE,
    "adapter": Relation.ADAPTER,
    "merge": Relation.MERGE,
    "quantized": Relation.QUANTISED,
    "variant": Relation.VARIANT,
}


@dataclass(slots=True)
class RemoteFile:
    """A file at a hub, of which nothing is fetched before it is examined."""

    path: str
    file: HubFile
    ahead: Lookahead

    @property
    def size(self) -> int:
        """Length in bytes, as the provider says."""
        return self.file.size

    @property
    def etag(self) -> str:
        """What stands for the content where there is no hash."""
        return self.file.etag or ""

    @property
    def sha256(self) -> str | None:
        """Nothing is known before it is read."""
        return None

    @property
    def declared(self) -> str | None:
        """The SHA-256 that the provider declares."""
        return self.file.sha256

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """What the provider's scanners say."""
        return [(one.scanner, one.status, one.text) for one in self.file.scans]

    def examine(self, limits: Limits, stopped: Stopped) -> Examined:
        """See :func:`weighbridge.platform.scans.reading.examined`."""

        def parse(spool: Spool, name: str, ended: Stopped) -> Answer:
            return pool.shared().examine(spool, limits_for(spool.size, limits), ended, name)

        found: Read = read(self.file, self.ahead, parse, stopped, limits.deep)
        facts = with_failure(found.answer)
        sha256 = found.sha256 if found.sound else None
        return Examined(facts, found.answer.bytes_read, found.sound, sha256, found.fetched)

    def close(self) -> None:
        """Nothing of it is open."""


def open_hub(address: str, revision: str | None = None) -> Target:
    """Ask a hub for the files of a model.

    Args:
        address: as a scan has it.
        revision: instead of the one that an address means.

    Raises:
        TargetError: there is no such model, it may not be read, or the hub does not answer.
    """
    access = replace(settings.WEIGHBRIDGE_HUBS, pace=hub_pace.shared)
    transport = Transport(access.proxies, pace=access.pace)
    listing = listed(checked_address(address, access), revision, access, transport)
    model = model_of(listing)
    ahead = Lookahead(transport, settings.WEIGHBRIDGE_DOWNLOAD_MAX_BYTES)
    return Target(
        provider=listing.provider,
        name=listing.name,
        revision=listing.revision,
        facts=_facts(model),
        entries=_entries(listing),
        parents=_parents(model),
        folder=listing.name.rpartition("/")[2],
        endpoint=listing.endpoint,
        ahead=ahead,
    )


def _entries(listing: Listing) -> tuple[Remote | Refused, ...]:
    return tuple(entry_of(file) for file in by_path(listing.files))


def _facts(model: ModelInfo) -> ModelFacts:
    changed = None
    try:
        changed = parse_datetime(model.last_modified or "")
    except ValueError:
        changed = None  # It looks like a time and is none, such as the 30th of February.
    return ModelFacts(
        author=model.author or "",
        downloads=model.downloads or 0,
        likes=model.likes or 0,
        licence=model.license or "",
        library=model.library or "",
        gated=bool(model.gated),
        private=bool(model.private),
        # A hub that does not say may show us what others may not see.
        restricted=model.private is None,
        last_change=changed if changed is not None and changed.tzinfo else None,
    )


def _parents(model: ModelInfo) -> dict[str, str]:
    return {
        one.id: _RELATIONS.get(one.relation or "", Relation.DERIVED).value
        for one in model.base_models
    }
