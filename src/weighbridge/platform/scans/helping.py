"""Many files of one model, read by several workers at once.

A scan stays one row with one worker, who judges the whole in the end. Where much is to be read,
that worker asks for help: messages that name the scan, for whoever has nothing else to do. A helper
takes files that nobody reads, stores what it read of them, and goes; nothing waits for it. What a
helper that was lost had taken is free again when its lease is over.
"""

from __future__ import annotations

import logging
from contextlib import closing
from secrets import token_hex

from django.db import transaction

from weighbridge.budget import Limits
from weighbridge.defender.files import Refused
from weighbridge.defender.process import Interrupted
from weighbridge.errors import SourceError, TargetError, WorkerError
from weighbridge.platform.audit.context import caused_by
from weighbridge.platform.audit.errors import Conflict
from weighbridge.platform.broker import announcing
from weighbridge.platform.catalog.models import ModelVersion
from weighbridge.platform.scans.assessment import Reading
from weighbridge.platform.scans.fetched import count_fetched, unread_of
from weighbridge.platform.scans.filing import Filing
from weighbridge.platform.scans.hub_targets import open_hub
from weighbridge.platform.scans.in_flight import Taken
from weighbridge.platform.scans.judging import source_failed
from weighbridge.platform.scans.kept import Kept
from weighbridge.platform.scans.models import Scan, ScanState
from weighbridge.platform.scans.reader import Reader
from weighbridge.platform.scans.reading import Stopped
from weighbridge.platform.scans.targets import Target
from weighbridge.platform.scans.work import Work
from weighbridge.sources.patience import RateLimited

FILES = 64
"""Who has more than so many files to read asks for help, and once more for each so many."""
MOST = 16
log = logging.getLogger(__name__)


def ask_for_help(scan: Scan, unread: int) -> int:
    """Send for helpers where there is a broker and enough to do; returns for how many.

    Args:
        scan: as it was claimed.
        unread: files that are to be read.
    """
    wanted = min((unread - 1) // FILES, MOST)
    return announcing.call(scan, wanted) if wanted > 0 else 0


def lend_a_hand(number: int, stopped: Stopped = lambda: False) -> int:
    """Read files of a running scan that nobody else reads, until there are none.

    What goes wrong here is no matter: whoever runs the scan reads what is left.

    Returns:
        How many files were read and stored.
    """
    scans = Scan.objects.select_related("version")
    scan = scans.filter(pk=number, state=ScanState.RUNNING).exclude(version=None).first()
    if scan is None:
        return 0
    with caused_by(scan.request_id):
        helper = _Helper(scan, stopped)
        try:
            helper.all()
        except (Conflict, Interrupted):
            pass
        except (RateLimited, TargetError, SourceError, WorkerError, OSError) as error:
            log.info("helping with scan %s ended: %s", scan.pk, error)
        log.info("helped", extra={"fields": {"scan": scan.pk, "files": helper.files}})
        return helper.files


class _Helper:
    def __init__(self, scan: Scan, stopped: Stopped) -> None:
        assert scan.version is not None
        self._scan = scan
        self._version: ModelVersion = scan.version
        self._stopped = stopped
        self._reading = Reading(Limits(deep=scan.deep))
        self._taken = Taken(scan, self._reading.key, token_hex(8))
        self.files = 0

    def all(self) -> None:
        """List the version that is scanned, and read of it what nobody reads."""
        target = open_hub(self._scan.target, self._version.revision)
        try:
            if target.revision == self._version.revision:
                self._read(target)
        finally:
            target.close()

    def _read(self, target: Target) -> None:
        kept = Kept(target, self._reading)
        filing = Filing(self._scan, target, self._version, kept, self._reading)
        reader = Reader(target, kept, self._reading.limits, self._beat, self._stopped)
        with closing(reader), closing(Work(target, kept, self._taken)) as work:
            for entries in work.spare(reader.at_once):
                self._beat()
                answered = reader.read(entries)
                read = [answer for _, answer in answered if answer is not None]
                count_fetched(self._scan, read)
                unread_of(target, read)
                for file, answer in answered:
                    if isinstance(file, Refused) or answer is None or source_failed(answer.facts):
                        continue
                    with transaction.atomic():
                        filing.store(file, answer)
                    self.files += 1

    def _beat(self) -> None:
        """Keep what was taken.

        Raises:
            Conflict: the attempt that is helped is over.
            Interrupted: this worker ends.
        """
        if not self._taken.keep():
            raise Conflict(f"scan {self._scan.pk} does not run any more")
        if self._stopped():
            raise Interrupted("this worker ends")
