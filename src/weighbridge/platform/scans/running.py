"""Running a claimed scan: the Defender reads in its worker processes, the rules judge here.

Each file is stored in one transaction, with its cases. Killed anywhere and run again, a scan gives
the same rows: everything is found by its key, and what is judged already is not read again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F

from weighbridge.budget import Limits
from weighbridge.defender.files import Found, Refused
from weighbridge.defender.process import Interrupted
from weighbridge.defender.remote import Remote
from weighbridge.defender.roles import role_of
from weighbridge.defender.scan import default_jobs
from weighbridge.errors import SourceError, TargetError, WorkerError
from weighbridge.findings.model import Verdict
from weighbridge.findings.verdict import strongest
from weighbridge.platform import hub_pace
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.audit.services import record_all
from weighbridge.platform.cases.opening import FLAGGED, Origin
from weighbridge.platform.cases.ruling import hold_shared
from weighbridge.platform.cases.vouched import in_force, version_of
from weighbridge.platform.catalog import services as catalog
from weighbridge.platform.catalog.models import (
    PATH_LENGTH,
    Artifact,
    ModelFile,
    ModelVersion,
    Status,
)
from weighbridge.platform.scans import assessment, services
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.judging import format_of, judged, source_failed, unpacked
from weighbridge.platform.scans.kept import Kept, place_of
from weighbridge.platform.scans.models import ArtifactReport, Scan, TargetKind
from weighbridge.platform.scans.reading import (
    Examined,
    Stopped,
    Subject,
    examined,
    opened,
    read_as,
)
from weighbridge.platform.scans.targets import Target, find
from weighbridge.platform.scans.uploads import discard
from weighbridge.platform.scans.whole import judge_version
from weighbridge.platform.scans.work import Work
from weighbridge.rules.registry import RULES_VERSION
from weighbridge.sources.patience import RateLimited

TRANSIENT = (WorkerError, SourceError, DatabaseError, OSError)
"""What another attempt may fare better with: lost workers, vanished bytes, a full disk, a lock."""
DEFENDER = "defender"
_BEAT_SECONDS = 5.0
_FLAGGED = (Status.SUSPECTED, Status.VALIDATED)
log = logging.getLogger(__name__)


def run(scan: Scan, stopped: Stopped = lambda: False) -> Scan:
    """Examine the target of a claimed scan and store what was found.

    Args:
        scan: as `services.claim` returned it.
        stopped: true when this worker should end; the scan then stays claimed until its lease is
            over, and goes on elsewhere.

    Returns:
        The scan, done or failed or waiting for its next attempt. Where the lease was lost it is
        returned as it stands, and nothing more is written.
    """
    try:
        verdict = _Run(scan, stopped).all()
        scan = services.finish(scan, verdict.value)
    except (Conflict, Interrupted):
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


def _later(scan: Scan, error: RateLimited) -> Scan:
    """Put a scan off until its hub may be asked again, which is no attempt that failed."""
    if error.until is None:
        return services.fail(scan, str(error), transient=True)
    return services.release(scan, str(error), error.until)


class _Run:
    """One attempt."""

    def __init__(self, scan: Scan, stopped: Stopped) -> None:
        self._scan = scan
        self._stopped = stopped
        self._limits = Limits()
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
            self._kept = Kept(target, self._reading)
            jobs = int(getattr(settings, "WEIGHBRIDGE_SCAN_JOBS", 0)) or default_jobs()
            work = Work(target, self._kept, Taken(self._scan, self._reading.key))
            with ThreadPoolExecutor(jobs, "weighbridge-scan") as threads, work:
                for entries in work.batches(2 * jobs, self._beat):
                    self._batch(threads, target, version, entries)
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
            self._wait([listing])
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

    def _batch(
        self,
        threads: ThreadPoolExecutor,
        target: Target,
        version: ModelVersion,
        entries: Sequence[Found | Remote | Refused],
    ) -> None:
        how = (target.ahead, target.hash_all, self._stopped)
        hashing = [threads.submit(opened, entry, *how) for entry in entries]
        files: list[Subject | Refused] = []
        try:
            self._wait(hashing)
            files = [task.result() for task in hashing]
            answers = {
                number: threads.submit(examined, file, self._limits, self._stopped)
                for number, file in enumerate(files)
                if not isinstance(file, Refused) and not self._kept.has(file)
            }
            self._wait(list(answers.values()))
            read = [task.result() for task in answers.values()]
            self._count_fetched(sum(one.fetched for one in read))
            self._check(target, read)
            for number, file in enumerate(files):
                task = answers.get(number)
                self._store(target, version, file, None if task is None else task.result())
        finally:
            for ended in hashing:
                held = ended.result() if ended.exception() is None else None
                if held is not None and not isinstance(held, Refused):
                    held.close()

    def _wait(self, tasks: Sequence[Future[Any]]) -> None:
        """Wait for threads, keeping the lease meanwhile."""
        while wait(tasks, _BEAT_SECONDS).not_done:
            if not services.heartbeat(self._scan):
                wait(tasks)
                raise Conflict(f"scan {self._scan.pk} was given to another worker")
        if self._stopped():
            raise Interrupted("this worker ends")

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

    def _count_fetched(self, size: int) -> None:
        if size:
            row = Scan.objects.filter(pk=self._scan.pk)
            row.update(bytes_fetched=F("bytes_fetched") + size)

    def _check(self, target: Target, answers: Sequence[Examined]) -> None:
        """Count what a hub did not hand out.

        Raises:
            RateLimited: because it wants no requests for a while, so all is read later.
        """
        unread = sum(map(source_failed, (one.facts for one in answers)))
        until = hub_pace.shared.until(target.endpoint) if unread and target.endpoint else None
        if until is not None:
            raise RateLimited(f"the hub allows no requests until {until:%H:%M:%S} UTC", until)
        self._unread += unread if target.endpoint else 0

    def _store(
        self,
        target: Target,
        version: ModelVersion,
        file: Subject | Refused,
        answer: Examined | None,
    ) -> None:
        if isinstance(file, Refused):
            self._notes.append(
                {"path": storable(file.path), "code": file.code, "text": storable(file.text)}
            )
            self._refused += 1
            self._done += 1
            return
        with transaction.atomic():
            services.advance(self._scan, self._done + 1, self._bytes + file.size)
            self._stored(target, version, file, answer)
        self._done += 1
        self._bytes += file.size

    def _stored(
        self,
        target: Target,
        version: ModelVersion,
        file: Subject,
        answer: Examined | None,
    ) -> None:
        ruling = hold_shared()
        artifact = self._artifact(target, file, answer)
        row = catalog.record_file(version, file.path, artifact, role_of(file.path))
        catalog.record_provider_verdicts(row, file.said)
        report, fresh = self._report(artifact, read_as(file.path), answer, ruling.vouched)
        origin = Origin(DEFENDER, f"{report.rules}{'.v' if report.vouched else ''}{report.vouched}")
        found = assessment.settle(report, file.path, origin)
        self._refresh(version, report, fresh)
        record_all(DEFENDER, found.acts)

    def _refresh(self, version: ModelVersion, report: ArtifactReport, fresh: bool) -> None:
        """Bring statuses up to date: of this version at once if it is flagged, else at the end."""
        holding = ModelFile.objects.filter(artifact_id=report.artifact_id)
        concerned = set(holding.values_list("version_id", flat=True)) if fresh else set()
        concerned.discard(version.pk)
        unflagged = ModelVersion.objects.filter(pk=version.pk).exclude(status__in=_FLAGGED)
        if report.effective in FLAGGED and unflagged.exists():
            concerned.add(version.pk)
        catalog.refresh(concerned, f"scan {self._scan.pk}")

    def _report(
        self, artifact: Artifact, name: str, answer: Examined | None, vouched: str
    ) -> tuple[ArtifactReport, bool]:
        """Return the current report and whether it is new: judged where it was out of date."""
        if answer is None:
            facts = assessment.facts_for(artifact, self._reading, name)
            assert facts is not None
            report = ArtifactReport.objects.filter(
                facts=facts, rules=RULES_VERSION, vouched=vouched, current=True
            ).first()
            if report is not None:
                return report, False
            read = unpacked(facts.blob)
        else:
            read = answer.facts
            kept = assessment.Read(read, name, answer.bytes_read)
            facts = assessment.keep_facts(artifact, kept, self._reading)
        allowed = in_force()
        assert version_of(allowed) == vouched
        return assessment.keep_report(facts, judged(read, allowed, facts.bytes_read))

    def _artifact(self, target: Target, file: Subject, answer: Examined | None) -> Artifact:
        if answer is None:
            return self._kept.artifact(file)
        place = place_of(target, file)
        artifact = catalog.record_artifact(
            place,
            computed=answer.sha256,
            declared=file.declared if answer.steady else None,
            format=format_of(answer.facts),
        )
        if target.ahead is not None and answer.steady:
            catalog.remember_content(catalog.content_key(place, file.declared), artifact)
        return artifact
