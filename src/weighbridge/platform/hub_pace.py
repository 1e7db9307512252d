"""How fast hubs may be asked, for all workers together.

A hub counts the requests of a login, and says in every answer how many are left
(``RateLimit: "api";r=..;t=..``, draft-ietf-httpapi-ratelimit-headers) or when to come back
(``Retry-After``). What one worker hears is a row that all of them read before they ask.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import DatabaseError
from django.utils import timezone

from weighbridge.platform.scans.models import HubPause
from weighbridge.sources.patience import LONGEST_WAIT, RateLimited, asked_wait, remaining
from weighbridge.sources.transport import Reply, origin

RESERVE = 5
"""When so few requests are left, the next ones wait: other workers' are on their way."""
LONGEST = timedelta(hours=1)
"""A hub that asks for a longer pause is asked again after this."""
_LOOK_SECONDS = 1.0
_STEP_SECONDS = 0.1


class SharedPace:
    """Pauses by origin, as the database knows them; looked up once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, datetime] = {}
        self._looked_at = 0.0

    def wait(self, url: str, deadline: float) -> None:
        """Wait until a hub may be asked again.

        Raises:
            RateLimited: that is too long for one request.
        """
        while (until := self.until(url)) is not None:
            left = (until - timezone.now()).total_seconds()
            if left > LONGEST_WAIT or time.monotonic() + left > deadline:
                raise RateLimited(
                    f"the server allows no more requests until {until:%Y-%m-%d %H:%M:%S} UTC", until
                )
            time.sleep(min(_STEP_SECONDS, max(left, 0.0)))

    def heard(self, url: str, reply: Reply) -> None:
        """Take note of what a hub says about further requests."""
        seconds = asked_wait(reply) if reply.status == 429 else None
        limit = remaining(reply)
        if seconds is None and limit is not None and limit[0] <= RESERVE:
            seconds = float(limit[1])
        if seconds:
            self._pause(url, timezone.now() + min(timedelta(seconds=seconds), LONGEST))

    def until(self, url: str) -> datetime | None:
        """Return until when a hub wants no requests; None when it may be asked."""
        self._look()
        until = self._known.get(_key(url))
        now = timezone.now()
        # Longer than any pause: the clock was set back since.
        return until if until is not None and now < until <= now + LONGEST else None

    def _pause(self, url: str, until: datetime) -> None:
        self._known[_key(url)] = until
        try:
            HubPause.objects.update_or_create(origin=_key(url), defaults={"until": until})
        except DatabaseError:
            return  # This process knows it, and others will hear it from the hub.

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() - self._looked_at < _LOOK_SECONDS:
                return
            self._looked_at = time.monotonic()
        try:
            known = dict(HubPause.objects.values_list("origin", "until"))
        except DatabaseError:
            return
        self._known = known


def _key(url: str) -> str:
    """Return what requests are counted by: a Hub counts its interface and its files apart."""
    scheme, host, port = origin(url)
    part = "/api" if urlsplit(url).path.startswith("/api/") else ""
    return f"{scheme}://{host}:{port}{part}"[:200]


shared = SharedPace()
"""Of this process."""
