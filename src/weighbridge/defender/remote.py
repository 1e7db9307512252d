"""A model at a hub as a target: its files are judged from the ranges that their formats need."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from weighbridge.defender.examination import Examiner, FileResult, Stopped, gap
from weighbridge.defender.files import Passed, Refused
from weighbridge.defender.lookahead import Lookahead
from weighbridge.defender.planning import Planned, expected
from weighbridge.defender.process import Answer, Interrupted
from weighbridge.defender.remembering import Remembered
from weighbridge.defender.selection import Selection
from weighbridge.errors import SourceError
from weighbridge.facts.structure import Gap
from weighbridge.findings.changes import LoadedCode, with_changes
from weighbridge.findings.model import BaseModel, ModelInfo, ProviderScan
from weighbridge.sources.hubs import HubFile, Listing, flaw_of
from weighbridge.sources.spool import Spool
from weighbridge.sources.transport import Stop

Parse = Callable[[Spool, str, Stopped], Answer]


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to examine at a hub."""

    path: str
    file: HubFile


@dataclass(frozen=True, slots=True)
class Read:
    """What was read out of a file at a hub.

    Attributes:
        sha256: computed, where all of it was fetched.
        sound: nothing that was fetched is other than the provider declares.
        fetched: bytes that came over the network.
    """

    answer: Answer
    sha256: str | None = None
    sound: bool = True
    fetched: int = 0


def entry_of(file: HubFile) -> Remote | Refused:
    """Return a file to examine, or why no honest model has one of that name."""
    flaw = flaw_of(file.path)
    return Remote(file.path, file) if flaw is None else Refused(file.path, "unsafe-name", flaw)


def read(
    file: HubFile, ahead: Lookahead, parse: Parse, stopped: Stopped, deep: bool = False
) -> Read:
    """Fetch what parsing one file needs, and have it parsed; all of the file when `deep`.

    Raises:
        Interrupted: `stopped` said so.
        WorkerError: no worker can be started.
    """
    try:
        spool = ahead.take(file, stopped)
    except Stop as error:
        raise Interrupted("interrupted") from error
    except (OSError, SourceError) as error:
        return Read(Answer((), 0, str(error)))
    try:
        if deep:
            _fetch_whole(spool, stopped)
        answer = parse(spool, os.path.basename(file.path), stopped)
        if spool.failure is not None and not _says_so(answer):
            answer = replace(answer, failure=str(spool.failure))
        sha256 = spool.digest("sha256") if spool.whole else None
        sound = sha256 is None or _as_declared(file, spool, sha256)
        if not sound:
            text = "its content is not what the provider's hash says"
            answer = replace(answer, facts=(*answer.facts, gap("hash-mismatch", text)))
        if deep and not spool.whole and not _says_so(answer):
            text = "not every byte of it was read: it is larger than may be fetched"
            answer = replace(answer, facts=(*answer.facts, gap("limit-download", text)))
        return Read(answer, sha256, sound, spool.fetched)
    finally:
        spool.close()


def _fetch_whole(spool: Spool, stopped: Stopped) -> None:
    """Fetch all of a file, as far as it may be; what parsing needs is asked for again, and told."""
    with suppress(SourceError):
        spool.provide(((0, spool.size),), stopped)


class RemoteTarget:
    """The files of one model at a hub, at one revision."""

    def __init__(
        self,
        name: str,
        listing: Listing,
        ahead: Lookahead,
        kept: Remembered | None = None,
        selection: Selection | None = None,
    ) -> None:
        self.name = name
        self.folder = listing.name.rpartition("/")[2]
        self.lone = False
        self.provider = listing.provider
        self.revision: str | None = listing.revision
        self.model: ModelInfo | None = model_of(listing)
        self._listing = listing
        self._ahead = ahead
        self._kept = kept
        self._selection = selection or Selection()

    def entries(self) -> Iterator[Remote | Refused | Passed]:
        """Yield every file; those with names that no honest model has are not examined."""
        listed = [(file, self._entry(file)) for file in by_path(self._listing.files)]
        to_fetch = [file for file, entry in listed if isinstance(entry, Remote)]
        self._ahead.expect(file for file in to_fetch if not self._is_known(file))
        yield from (entry for _, entry in listed)

    def plan(self) -> Iterator[Planned]:
        """Yield what examining each file would fetch, as far as its name and size tell."""
        for file in by_path(self._listing.files):
            if isinstance(self._entry(file), Remote):
                fetched = 0 if self._is_known(file) else expected(file.path, file.size)
                yield Planned(file.path, file.size, fetched)

    def _entry(self, file: HubFile) -> Remote | Refused | Passed:
        entry = entry_of(file)
        if isinstance(entry, Refused):
            return entry
        return self._selection.left_out(file.path) or entry

    def _is_known(self, file: HubFile) -> bool:
        return self._kept is not None and self._kept.known(file)

    def with_changes(self, results: Sequence[FileResult]) -> list[FileResult]:
        """Return the results of all files with what changed since another revision was scanned.

        What a loader would run at this revision is kept for the next one.
        """
        if self._kept is None or self._selection.partial:
            return list(results)
        files = {
            one.file.path: one.file.sha256
            for one in results
            if one.file.role == "code" and one.file.sha256
        }
        now = LoadedCode(self._listing.revision, files)
        before = self._kept.code_before()
        self._kept.put_code(now)
        if before is None:
            return list(results)
        return [replace(one, findings=with_changes(one.findings, now, before)) for one in results]

    def close(self) -> None:
        """Give up what is still being fetched."""
        self._ahead.close()
        if self._kept is not None:
            self._kept.close()

    def result(self, entry: Remote | Refused, examiner: Examiner, stopped: Stopped) -> FileResult:
        """Examine one file.

        Raises:
            Interrupted: `stopped` said so.
            WorkerError: no worker can be started.
        """
        if isinstance(entry, Refused):
            return examiner.refused(entry)
        file = entry.file
        known = None if self._kept is None else self._kept.get(file)
        if known is not None:
            answer, sha256 = known
            return self._judged(file, answer, sha256, examiner)
        found = read(file, self._ahead, examiner.parse, stopped, examiner.deep)
        if found.sound and self._kept is not None:
            self._kept.put(file, found.answer, found.sha256)
        result = self._judged(file, found.answer, found.sha256, examiner)
        return replace(result, file=replace(result.file, fetched=found.fetched))

    def _judged(
        self, file: HubFile, answer: Answer, sha256: str | None, examiner: Examiner
    ) -> FileResult:
        known = (sha256, "computed") if sha256 else (file.sha256, file.sha256 and "declared")
        judged = examiner.judged(file.path, file.size, known, answer)
        scans = tuple(ProviderScan(one.scanner, one.status, one.text) for one in file.scans)
        return replace(judged, file=replace(judged.file, provider_scans=scans))


def _says_so(answer: Answer) -> bool:
    """Tell whether an answer already says that bytes could not be fetched."""
    gaps = (fact for fact in answer.facts if isinstance(fact, Gap))
    return answer.failure is not None or any(
        one.code in ("source-error", "limit-download") for one in gaps
    )


def by_path(files: Iterable[HubFile]) -> list[HubFile]:
    """Return files in the order of their paths."""
    return sorted(files, key=lambda file: file.path)


def _as_declared(file: HubFile, spool: Spool, sha256: str) -> bool:
    """Compare what was read whole with every hash that somebody declares."""
    if file.sha256 is not None and file.sha256 != sha256:
        return False
    if file.blob is not None and file.blob != spool.digest("sha1", b"blob %d\0" % file.size):
        return False
    if spool.md5 is None:
        return True
    return b64encode(bytes.fromhex(spool.digest("md5"))).decode() == spool.md5


def model_of(listing: Listing) -> ModelInfo:
    """Return what the provider tells about a model."""
    about = dict(listing.about)
    bases = tuple(BaseModel(**one) for one in about.pop("base_models", ()))
    return ModelInfo(listing.provider, listing.name, listing.revision, base_models=bases, **about)
