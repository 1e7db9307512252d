"""A model at a hub as a target: its files are judged from the ranges that their formats need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from weighbridge.defender.examination import Examiner, FileResult, Stopped, gap
from weighbridge.defender.files import Passed, Refused
from weighbridge.defender.lookahead import Lookahead
from weighbridge.defender.process import Answer
from weighbridge.errors import SourceError
from weighbridge.findings.agreement import agreement
from weighbridge.findings.model import BaseModel, ModelInfo, ProviderScan
from weighbridge.sources.hubs import HubFile, Listing, flaw_of
from weighbridge.sources.spool import DOWNLOAD_BYTES, Spool
from weighbridge.sources.transport import Transport

_UNSAFE = "unsafe-name"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to examine at a hub."""

    path: str
    file: HubFile


class RemoteTarget:
    """The files of one model at a hub, at one revision."""

    def __init__(
        self, name: str, listing: Listing, transport: Transport, most: int = DOWNLOAD_BYTES
    ) -> None:
        self.name = name
        self.provider = listing.provider
        self.revision: str | None = listing.revision
        self.model: ModelInfo | None = _model(listing)
        self._listing = listing
        self._ahead = Lookahead(transport, most)

    def entries(self) -> Iterator[Remote | Refused | Passed]:
        """Yield every file; those with names that no honest model has are not examined."""
        files = sorted(self._listing.files, key=lambda file: file.path)
        flaws = {file.path: flaw_of(file.path) for file in files}
        self._ahead.expect(file for file in files if flaws[file.path] is None)
        for file in files:
            flaw = flaws[file.path]
            yield Remote(file.path, file) if flaw is None else Refused(file.path, _UNSAFE, flaw)

    def close(self) -> None:
        """Give up what is still being fetched."""
        self._ahead.close()

    def result(self, entry: Remote | Refused, examiner: Examiner, stopped: Stopped) -> FileResult:
        """Examine one file.

        Raises:
            Interrupted: `stopped` said so.
            WorkerError: no worker can be started.
        """
        if isinstance(entry, Refused):
            return examiner.refused(entry)
        try:
            spool = self._ahead.take(entry.file)
        except (OSError, SourceError) as error:
            text = f"it cannot be fetched: {error}"
            return examiner.refused(Refused(entry.path, "source-error", text))
        try:
            answer = examiner.parse(spool, os.path.basename(entry.path), stopped)
            return self._result(entry.file, spool, answer, examiner)
        finally:
            spool.close()

    def _result(
        self, file: HubFile, spool: Spool, answer: Answer, examiner: Examiner
    ) -> FileResult:
        sha256, source = file.sha256, "declared" if file.sha256 else None
        if spool.whole and answer.failure is None:
            sha256, source = spool.digest("sha256"), "computed"
            if not _as_declared(file, spool, sha256):
                text = "its content is not what the provider's hash says"
                answer = replace(answer, facts=(*answer.facts, gap("hash-mismatch", text)))
        judged = examiner.judged(file.path, file.size, (sha256, source), answer)
        report = replace(
            judged.file,
            provider_scans=tuple(
                ProviderScan(
                    one.scanner, one.status, one.text, agreement(one.status, judged.file.verdict)
                )
                for one in file.scans
            ),
            fetched=spool.fetched,
        )
        return replace(judged, file=report)


def _as_declared(file: HubFile, spool: Spool, sha256: str) -> bool:
    if file.sha256 is not None:
        return sha256 == file.sha256
    if file.blob is not None:
        return spool.digest("sha1", b"blob %d\0" % file.size) == file.blob
    return True


def _model(listing: Listing) -> ModelInfo:
    about = dict(listing.about)
    bases = tuple(BaseModel(**one) for one in about.pop("base_models", ()))
    return ModelInfo(listing.provider, listing.name, listing.revision, base_models=bases, **about)
