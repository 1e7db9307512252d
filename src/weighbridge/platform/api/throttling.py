"""How often one person or one address may ask, counted in a cache that all processes share.

Counts are per window of fixed length. The address is the connection's own; what a header says
about it is believed by nobody. Losing a count when two processes write at once is accepted: the
limits are generous, and they slow abuse down rather than measure it.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.errors import HttpError

from weighbridge.platform.web.middleware import peer_address

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    most: int
    seconds: int


LIMITS = {
    "read": Limit(1200, 60),
    "write": Limit(120, 60),
    "scan": Limit(60, 60),
    "report": Limit(5, 3600),
    "wrong-token": Limit(30, 60),
    "setup": Limit(20, 3600),
}


class TooMany(HttpError):
    """Too many requests; the text says when to come again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(429, f"Too many requests. Try again in {seconds} s.")
        self.seconds = seconds


def refuse_too_many(request: HttpRequest, kind: str) -> None:
    """Count a request; a count that cannot be kept, on a full disk, keeps nobody from reading.

    Raises:
        TooMany: there were too many of its kind.
    """
    if not settings.WEIGHBRIDGE_THROTTLE:
        return
    limit = LIMITS[kind]
    window, passed = divmod(int(time.time()), limit.seconds)
    key = f"throttle:{kind}:{_who(request)}:{window}"
    count = cache.get(key, 0) + 1
    if count > limit.most:
        raise TooMany(limit.seconds - passed)
    try:
        cache.set(key, count, limit.seconds)
    except OSError as error:
        _log.error("a request could not be counted", exc_info=error)


def _who(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user-{user.pk}"
    return f"address-{peer_address(request)}"
