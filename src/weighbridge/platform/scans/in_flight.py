"""Content that is being read right now: a thousand forks that arrive together are read once.

A scan takes what it is going to read. What another scan has taken it leaves for the end, when it
holds nothing itself, so that scans never wait for each other in a circle. Nothing is taken for
longer than the lease of its scan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import F, Q
from django.utils import timezone

from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.scans.models import InFlight, Scan, ScanState

_CHUNK = 500


class Taken:
    """What one attempt of a scan has taken."""

    def __init__(self, scan: Scan, reading: dict[str, object]) -> None:
        self._scan = scan
        self._reading = canonical(reading)

    def key(self, content: str, name: str) -> str:
        """Return the key of content that is read under a name, in this way of reading."""
        return sha256(canonical([content, name, self._reading]))

    def take(self, keys: Collection[str]) -> set[str]:
        """Take what nobody else has; returns what this attempt has now.

        What a lost worker had is free. Two who take the same at once: one of them gets it.
        """
        now = timezone.now()
        held = Q(
            scan__state=ScanState.RUNNING,
            scan__lease_until__gte=now,
            scan__attempts=F("attempt"),
        )
        got: set[str] = set()
        for some in _chunks(sorted(keys)):
            rows = InFlight.objects.filter(key__in=some)
            rows.filter(pk__in=list(rows.exclude(held).values_list("pk", flat=True))).delete()
            attempt = self._scan.attempts
            InFlight.objects.bulk_create(
                [InFlight(key=key, scan=self._scan, attempt=attempt) for key in some],
                ignore_conflicts=True,
            )
            got |= set(rows.filter(scan=self._scan, attempt=attempt).values_list("key", flat=True))
        return got

    def release(self, keys: Collection[str]) -> None:
        """Give back what was read."""
        for some in _chunks(sorted(keys)):
            InFlight.objects.filter(scan=self._scan, key__in=some).delete()

    def release_all(self) -> None:
        """Give back everything."""
        InFlight.objects.filter(scan=self._scan, attempt=self._scan.attempts).delete()


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
