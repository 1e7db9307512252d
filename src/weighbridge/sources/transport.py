"""HTTP as a scanner needs it: nothing followed, nothing decoded, everything bounded.

urllib3 speaks the protocol. It reads no environment, keeps no cookies and no password files, and
leaves each redirect to us, so that a credential goes where it was meant to go and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import urllib3

from weighbridge.errors import SourceError
from weighbridge.sources.prompt import manager

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 10.0
"""A server may be silent for this long within an answer."""
NO_PROXY = "no connection through the proxy; see the variables http_proxy and https_proxy"
_CHUNK = 256 << 10
_HOSTS = 16
_CONNECTIONS = 32

Stopped = Callable[[], bool]


class Stop(SourceError):
    """The caller wants no more answers."""


class NetworkError(SourceError):
    """No usable answer; trying again may help."""


@dataclass(frozen=True, slots=True)
class Query:
    """One request.

    Attributes:
        most: bytes of the answer's body that are wanted; more is cut off.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    most: int = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; header names are in lower case. `cut` says that there was more body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False

    def header(self, name: str) -> str:
        """Return one header, empty when it was not sent."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy an address is reached through; None goes there directly."""

    choose: Callable[[str], str | None] = lambda _url: None


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port: what a credential may be sent to.

    Raises:
        SourceError: it is no address of the web.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError("the server names an address that is none") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError("the server names an address that is not of the web")
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]


def redirected(url: str, location: str) -> str:
    """Return where `location`, sent by `url`, leads.

    Raises:
        SourceError: nowhere, or from an encrypted connection to one that is not.
    """
    try:
        target = urljoin(url, location)
    except ValueError as error:
        raise SourceError("the server names an address that is none") from error
    if origin(url)[0] == "https" and origin(target)[0] != "https":
        raise SourceError("the server redirects to an unencrypted connection")
    return target


class Pace(Protocol):
    """How fast servers may be asked, where that is not for one process alone to know."""

    def wait(self, url: str, deadline: float) -> None:
        """Wait until a server may be asked.

        Raises:
            SourceError: that takes too long.
        """

    def heard(self, url: str, reply: Reply) -> None:
        """Take note of an answer."""


class Transport:
    """Connections to any number of servers; used by several threads at once."""

    def __init__(
        self,
        proxies: Proxies | None = None,
        agent: str = "weighbridge",
        pace: Pace | None = None,
    ) -> None:
        self._proxies = proxies or Proxies()
        self._pace = pace
        self._agent = agent
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def send(self, query: Query, deadline: float, stopped: Stopped = lambda: False) -> Reply:
        """Send `query` and return the answer, whatever its status.

        Args:
            query: the request.
            deadline: by `time.monotonic`; the whole answer has to be there by then.
            stopped: asked while the answer arrives.

        Raises:
            NetworkError: no connection, or it broke, or it was too slow.
            Stop: `stopped` said so.
        """
        if self._pace is not None:
            self._pace.wait(query.url, deadline)
        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity", **query.headers}
        try:
            response = self._pool(query.url).request(
                query.method,
                query.url,
                body=query.body,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=_timeout(deadline),
            )
            with ExitStack() as failed:
                failed.callback(response.close)
                body, cut = _body(response, query.most, deadline, stopped)
                failed.pop_all()
            if cut:
                response.close()  # What else it has to say is not worth waiting for.
            response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise NetworkError(f"{_host(query.url)}: {_reason(error)}") from error
        sent = {name.lower(): value for name, value in response.headers.items()}
        reply = Reply(response.status, sent, body, cut)
        if self._pace is not None:
            self._pace.heard(query.url, reply)
        return reply

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxies.choose(url)
        if proxy not in self._pools:
            self._pools[proxy] = manager(proxy, _HOSTS, _CONNECTIONS)
        return self._pools[proxy]


def _timeout(deadline: float) -> urllib3.Timeout:
    left = max(0.001, deadline - time.monotonic())
    return urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(SILENCE_SECONDS, left))


def _body(
    response: urllib3.BaseHTTPResponse, most: int, deadline: float, stopped: Stopped
) -> tuple[bytes, bool]:
    """Return at most `most` bytes, and whether there was more."""
    pieces: list[bytes] = []
    total = 0
    while total <= most:
        if stopped():
            raise Stop("interrupted")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer did not end in time")
        piece = response.read1(min(_CHUNK, most + 1 - total), decode_content=False)
        if not piece:
            break
        pieces.append(piece)
        total += len(piece)
    return b"".join(pieces)[:most], total > most


def _host(url: str) -> str:
    """Return whom we talked to; a signed address is a credential and never shown."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the server"


def _reason(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.ProxyError):
        return NO_PROXY
    if isinstance(
        error, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError
    ):
        return "no connection"
    if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
        return "no answer in time"
    if isinstance(error, urllib3.exceptions.SSLError):
        return "no trusted encrypted connection"
    return "the connection broke"
