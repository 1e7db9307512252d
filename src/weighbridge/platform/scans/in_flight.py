"""Content that is being read right now: a thousand forks that arrive together are read once.

A scan takes what it is going to read. What another has taken it leaves for the end, when it holds
nothing itself, so that scans never wait for each other in a circle. Nothing is taken for longer
than the lease of its scan; what a helper has taken, for no longer than its own lease either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.scans.models import InFlight, Scan, ScanState
from weighbridge.platform.scans.services import lease

_CHUNK = 500


class Taken:
    """What one attempt of a scan has taken, or a helper of that attempt."""

    def __init__(self, scan: Scan, reading: dict[str, object], helper: str = "") -> None:
        self._scan = scan
        self._reading = canonical(reading)
        self._helper = helper

    def key(self, content: str, name: str) -> str:
        """Return the key of content that is read under a name, in this way of reading."""
        return sha256(canonical([content, name, self._reading]))

    def take(self, keys: Collection[str], most: int | None = None) -> set[str]:
        """Take what nobody else has, in the order given; returns what was taken.

        What a lost worker had is free. Two who take the same at once: one of them gets it.

        Args:
            keys: what is wanted.
            most: so many at most; all of them by default.
        """
        got: set[str] = set()
        for some in _chunks(list(keys)):
            left = len(some) if most is None else most - len(got)
            if left <= 0:
                break
            got |= self._take(some, left)
        return got

    def _take(self, keys: Sequence[str], most: int) -> set[str]:
        rows = InFlight.objects.filter(key__in=keys)
        rows.filter(pk__in=list(rows.exclude(_held()).values_list("pk", flat=True))).delete()
        got: set[str] = set()
        while len(got) < most:
            theirs = set(rows.values_list("key", flat=True))
            # Others may choose the same ones at this moment; whoever is left with none tries again.
            chosen = [key for key in keys if key not in theirs][: most - len(got)]
            if not chosen:
                break
            self._insert(chosen)
            got |= set(self._rows().filter(key__in=chosen).values_list("key", flat=True))
        return got

    def _insert(self, keys: Sequence[str]) -> None:
        until = timezone.now() + lease() if self._helper else None
        InFlight.objects.bulk_create(
            [
                InFlight(
                    key=key,
                    scan=self._scan,
                    attempt=self._scan.attempts,
                    helper=self._helper,
                    lease_until=until,
                )
                # In one order for all, so that two who insert never wait for each other.
                for key in sorted(keys)
            ],
            ignore_conflicts=True,
        )

    def keep(self) -> bool:
        """Extend a helper's lease; False when the attempt that it helps is over."""
        self._rows().update(lease_until=timezone.now() + lease())
        scan = self._scan
        running = Scan.objects.filter(pk=scan.pk, state=ScanState.RUNNING, attempts=scan.attempts)
        return running.exists()

    def release(self, keys: Collection[str]) -> None:
        """Give back what was read."""
        for some in _chunks(sorted(keys)):
            self._rows().filter(key__in=some).delete()

    def release_all(self) -> None:
        """Give back everything; the scan itself clears away what lost workers left of it, too."""
        if self._helper:
            self._rows().delete()
        else:
            left = InFlight.objects.filter(scan=self._scan, attempt__lte=self._scan.attempts)
            left.delete()

    def _rows(self) -> QuerySet[InFlight]:
        return InFlight.objects.filter(
            scan=self._scan, attempt=self._scan.attempts, helper=self._helper
        )


def _held() -> Q:
    """Tell what still holds. A lease further off than any is one of a clock that was set back."""
    now = timezone.now()
    own = Q(lease_until=None) | Q(lease_until__gte=now, lease_until__lte=now + 2 * lease())
    return own & Q(
        scan__state=ScanState.RUNNING, scan__lease_until__gte=now, scan__attempts=F("attempt")
    )


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
