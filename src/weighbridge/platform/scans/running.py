"""Running a claimed scan: the Defender reads in its worker processes, the rules judge here.

Each file is stored in one transaction, with its cases. Killed anywhere and run again, a scan gives
the same rows: everything is found by its key, and what is judged already is not read again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

from django.db import DatabaseError, transaction

from weighbridge.budget import Limits
from weighbridge.defender.files import Refused
from weighbridge.defender.process import Interrupted
from weighbridge.errors import SourceError, TargetError, WorkerError
from weighbridge.findings.model import Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.audit.services import record_all
from weighbridge.platform.cases.ruling import hold_shared
from weighbridge.platform.catalog import services as catalog
from weighbridge.platform.catalog.models import PATH_LENGTH, ModelVersion
from weighbridge.platform.scans import assessment, services
from weighbridge.platform.scans.fetched import count_fetched, unread_of
from weighbridge.platform.scans.filing import DEFENDER, Filing
from weighbridge.platform.scans.helping import ask_for_help
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.kept import Kept
from weighbridge.platform.scans.models import Scan, TargetKind
from weighbridge.platform.scans.reader import Answered, Reader, wait_for
from weighbridge.platform.scans.reading import Examined, Stopped, Subject
from weighbridge.platform.scans.targets import Target, find
from weighbridge.platform.scans.uploads import discard
from weighbridge.platform.scans.whole import judge_version
from weighbridge.platform.scans.work import Work
from weighbridge.sources.patience import RateLimited

TRANSIENT = (WorkerError, SourceError, DatabaseError, OSError)
"""What another attempt may fare better with: lost workers, vanished bytes, a full disk, a lock."""
log = logging.getLogger(__name__)


def never() -> bool:
    """Tell nobody to end."""
    return False


def run(scan: Scan, stopped: Stopped = never, late: Stopped = never) -> Scan:
    """Examine the target of a claimed scan and store what was found.

    Args:
        scan: as `services.claim` returned it.
        stopped: true when this worker should end; the scan is given back then.
        late: true when the time of this attempt is over. The scan is given back, and goes on where
            it ended. An attempt that read nothing which will last has failed.

    Returns:
        The scan, done or failed or waiting for its next attempt. Where the lease was lost it is
        returned as it stands, and nothing more is written.
    """
    attempt = _Run(scan, lambda: stopped() or late())
    try:
        verdict = attempt.all()
        scan = services.finish(scan, verdict.value)
    except Interrupted:
        with suppress(Conflict):
            return _given_back(scan, late() and not attempt.lasting)
        return Scan.objects.get(pk=scan.pk)
    except Conflict:
        return Scan.objects.get(pk=scan.pk)
    except RateLimited as error:
        scan = _later(scan, error)
    except TargetError as error:
        if isinstance(error.__cause__, RateLimited):
            return _later(scan, error.__cause__)
        scan = services.fail(scan, str(error), transient=isinstance(error.__cause__, SourceError))
    except TRANSIENT as error:
        log.warning("scan %s failed: %s", scan.pk, error)
        scan = services.fail(scan, f"{type(error).__name__}: {error}", transient=True)
    if scan.state in ("done", "failed"):
        discard(scan)
    return scan


def _given_back(scan: Scan, in_vain: bool) -> Scan:
    """Let another attempt go on, which is no attempt that failed unless it was in vain."""
    if in_vain:
        return services.fail(scan, "no file was read within the time of a task", transient=True)
    return services.release(scan, "the worker ended before the scan did")


def _later(scan: Scan, error: RateLimited) -> Scan:
    """Put a scan off until its hub may be asked again, which is no attempt that failed."""
    if error.until is None:
        return services.fail(scan, str(error), transient=True)
    return services.release(scan, str(error), error.until)


class _Run:
    """One attempt. `lasting` counts the files that no later attempt needs to read."""

    def __init__(self, scan: Scan, stopped: Stopped) -> None:
        self.lasting = 0
        self._scan = scan
        self._stopped = stopped
        self._limits = Limits(deep=scan.deep)
        self._reading = assessment.Reading(self._limits)
        self._done = 0
        self._bytes = 0
        self._refused = 0
        self._unread = 0
        self._notes: list[dict[str, str]] = []

    def all(self) -> Verdict:
        """Store every file and return the verdict of the target."""
        target = self._found()
        try:
            version = self._begin(target)
            kept = self._kept = Kept(target, self._reading)
            filing = Filing(self._scan, target, version, kept, self._reading)
            work = self._work = Work(target, kept, Taken(self._scan, self._reading.key))
            ask_for_help(self._scan, work.unread)
            reader = Reader(target, kept, self._limits, self._beat, self._stopped)
            with closing(reader), closing(work):
                for entries in work.batches(reader.at_once, self._beat):
                    self._batch(target, filing, reader.read(entries))
        finally:
            target.close()
        verdict = self._end(target, version)
        if self._unread and not services.is_last(self._scan):
            raise SourceError(f"{self._unread} files could not be read")
        return verdict

    def _found(self) -> Target:
        """Find the files; a hub may take its time, so the lease is kept meanwhile."""
        if self._scan.kind != TargetKind.HUB:
            return find(self._scan)
        with ThreadPoolExecutor(1, "weighbridge-list") as thread:
            listing = thread.submit(find, self._scan)
            wait_for([listing], self._beat, self._stopped)
            return listing.result()

    # -- the scan itself ---------------------------------------------------------------------

    @transaction.atomic
    def _begin(self, target: Target) -> ModelVersion:
        services.advance(self._scan, 0, 0)
        model = catalog.record_model(target.provider, target.name, target.facts)
        catalog.record_lineage(model, target.parents)
        version = catalog.record_version(model, target.revision)
        self._notes = [
            {"path": storable(e.path), "code": e.code, "text": storable(e.text)}
            for e in target.passed
        ]
        Scan.objects.filter(pk=self._scan.pk).update(
            version=version, files_total=len(target.entries), notes=self._notes
        )
        return version

    @transaction.atomic
    def _end(self, target: Target, version: ModelVersion) -> Verdict:
        """Judge all files together, which tells the verdict of each beside the others."""
        services.advance(self._scan, self._done, self._bytes)
        hold_shared()
        whole = judge_version(version, target.folder, target.lone)
        shown = {storable(entry.path, PATH_LENGTH) for entry in target.entries}
        verdicts = [verdict for path, verdict in whole.verdicts.items() if path in shown]
        verdicts += [Verdict.INCONCLUSIVE] * self._refused
        complete = Verdict.INCONCLUSIVE not in verdicts
        ModelVersion.objects.filter(pk=version.pk).update(complete=complete)
        Scan.objects.filter(pk=self._scan.pk).update(notes=self._notes)
        catalog.refresh([version.pk], f"scan {self._scan.pk}")
        record_all(DEFENDER, whole.opened.acts)
        return strongest(verdicts)

    # -- its files ---------------------------------------------------------------------------

    def _batch(self, target: Target, filing: Filing, answered: Sequence[Answered]) -> None:
        read = [answer for _, answer in answered if answer is not None]
        count_fetched(self._scan, read)
        self._unread += unread_of(target, read)
        filed = self._filed(filing, answered)
        for file, answer in answered:
            if file.path not in filed:
                self._store(filing, file, answer)

    def _filed(self, filing: Filing, answered: Sequence[Answered]) -> set[str]:
        """Return the paths of files that helpers have stored since this began."""
        files = [
            file
            for file, answer in answered
            if not isinstance(file, Refused) and answer is None and self._work.is_new(file.path)
        ]
        if not files:
            return set()
        with transaction.atomic():
            rows = filing.filed(files)
            done = [file for file in files if storable(file.path, PATH_LENGTH) in rows]
            size = sum(file.size for file in done)
            services.advance(self._scan, self._done + len(done), self._bytes + size)
            for file in done:
                catalog.record_provider_verdicts(rows[storable(file.path, PATH_LENGTH)], file.said)
        self._done += len(done)
        self._bytes += size
        return {file.path for file in done}

    def _store(self, filing: Filing, file: Subject | Refused, answer: Examined | None) -> None:
        if isinstance(file, Refused):
            self._notes.append(
                {"path": storable(file.path), "code": file.code, "text": storable(file.text)}
            )
            self._refused += 1
            self._done += 1
            return
        with transaction.atomic():
            services.advance(self._scan, self._done + 1, self._bytes + file.size)
            filing.store(file, answer)
        self.lasting += answer is not None and self._kept.lasts(file, answer)
        self._done += 1
        self._bytes += file.size

    def _beat(self) -> None:
        """Keep the lease, and end when told to.

        Raises:
            Conflict: it is not this worker's any more.
            Interrupted: this worker ends.
        """
        if not services.heartbeat(self._scan):
            raise Conflict(f"scan {self._scan.pk} was given to another worker")
        if self._stopped():
            raise Interrupted("this worker ends")
