"""What came over the network for a scan, and what a hub did not hand out."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from weighbridge.platform import hub_pace
from weighbridge.platform.scans.judging import source_failed
from weighbridge.platform.scans.models import Scan
from weighbridge.platform.scans.reading import Examined
from weighbridge.platform.scans.targets import Target
from weighbridge.sources.patience import RateLimited


def count_fetched(scan: Scan, answers: Sequence[Examined]) -> None:
    """Add the bytes that came over the network to those of a scan."""
    size = sum(one.fetched for one in answers)
    if size:
        Scan.objects.filter(pk=scan.pk).update(bytes_fetched=F("bytes_fetched") + size)


def unread_of(target: Target, answers: Sequence[Examined]) -> int:
    """Return how many files a hub did not hand out.

    Raises:
        RateLimited: because it wants no requests for a while, so all is read later.
    """
    if not target.endpoint:
        return 0
    unread = sum(source_failed(one.facts) for one in answers)
    until = hub_pace.shared.until(target.endpoint) if unread else None
    if until is not None:
        raise RateLimited(f"the hub allows no requests until {until:%H:%M:%S} UTC", until)
    return unread
