"""Trying again: how long to wait for a server, and when to stop."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from weighbridge.errors import SourceError
from weighbridge.sources.transport import NetworkError, Query, Reply, Stop, Stopped, Transport

TRIES = 5
REQUEST_SECONDS = 120.0
"""One request with everything it takes: waiting, trying again, redirects."""
LONGEST_WAIT = 60.0
"""A server that asks for more patience gets none: the user is told until when."""
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_LEFT = re.compile(r";\s*r=(\d+)")
_RESET = re.compile(r";\s*t=(\d+)")
_STEP = 0.05


class RateLimited(SourceError):
    """The server wants no more requests for a while; `until` is when it takes some, if it says."""

    def __init__(self, text: str, until: datetime | None = None) -> None:
        super().__init__(text)
        self.until = until


def patiently(
    send: Callable[[float], Reply], deadline: float, stopped: Stopped = lambda: False
) -> Reply:
    """Call `send` until its answer is not one to try again after; returns the last answer.

    Args:
        send: is given its deadline.
        deadline: by `time.monotonic`, for all tries together.
        stopped: asked while waiting.

    Raises:
        NetworkError: there was no answer in any try.
        RateLimited: the server asks for a longer wait than there is time.
        Stop: `stopped` said so.
    """
    pause = 0.25
    for left in reversed(range(TRIES)):
        failure: NetworkError | None = None
        reply: Reply | None = None
        try:
            reply = send(deadline)
        except NetworkError as error:
            failure = error
        if reply is not None and reply.status not in _AGAIN:
            return reply
        wait = pause * random.uniform(0.75, 1.25)
        if reply is not None and (asked := asked_wait(reply)) is not None:
            wait = asked
            _check_wait(wait, deadline)
        if not left or time.monotonic() + wait > deadline:
            break
        _sleep(wait, stopped)
        pause *= 2
    if failure is not None:
        raise failure
    assert reply is not None
    if reply.status == 429:
        raise RateLimited("the server answers that there were too many requests; try again later")
    return reply


def request(
    transport: Transport,
    query: Query,
    stopped: Stopped = lambda: False,
    seconds: float = REQUEST_SECONDS,
) -> Reply:
    """Send `query` patiently."""
    deadline = time.monotonic() + seconds
    return patiently(lambda until: transport.send(query, until, stopped), deadline, stopped)


def asked_wait(reply: Reply) -> float | None:
    """Return how long the server asks us to wait (RateLimit, Retry-After), in seconds."""
    limit = remaining(reply)
    if reply.status == 429 and limit is not None and limit[0] == 0:
        return float(min(limit[1] + 1, 10**6))
    after = reply.header("retry-after").strip()
    return float(min(int(after[:9]), 10**6)) if after.isascii() and after.isdigit() else None


def remaining(reply: Reply) -> tuple[int, int] | None:
    """Return how many requests the server still takes, and for how many seconds that holds.

    From ``RateLimit: "api";r=..;t=..`` (draft-ietf-httpapi-ratelimit-headers).
    """
    limit = reply.header("ratelimit")
    left, reset = _LEFT.search(limit), _RESET.search(limit)
    return (int(left[1][:9]), int(reset[1][:9])) if left and reset else None


def _check_wait(seconds: float, deadline: float) -> None:
    if seconds > LONGEST_WAIT or time.monotonic() + seconds > deadline:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        raise RateLimited(
            f"the server allows no more requests until {until:%Y-%m-%d %H:%M:%S} UTC; "
            "a token usually raises the limit",
            until,
        )


def _sleep(seconds: float, stopped: Stopped) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if stopped():
            raise Stop("interrupted")
        time.sleep(min(_STEP, left))
