"""Sending one message: https to a public address, pinned, signed, without redirects.

The name is resolved once; every address it has must be public, and the connection goes to one of
exactly these, so that a name cannot answer with a public address when it is checked and with a
private one when it is used.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from weighbridge import __version__

_TIMEOUT_S = 10
_ANSWER_BYTES = 4096
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(ValueError):
    """The address is none that messages may go to; says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try went; `error` is empty when it was accepted."""

    address: str
    status: int | None
    error: str
    milliseconds: int


def check(url: str) -> SplitResult:
    """Return the parts of an address that messages may go to, as far as its text tells.

    Raises:
        NotAllowed: no https, a name and password, or no host.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise NotAllowed("the port is no number") from None
    if parts.username is not None or not parts.hostname or port == 0:
        raise NotAllowed("this must be an address such as https://example.org/hook")
    loopback = settings.WEIGHBRIDGE_WEBHOOKS_TO_LOOPBACK
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise NotAllowed("the address must begin with https://")
    return parts


def resolve(host: str, port: int) -> Address:
    """Return the one address that a connection may go to.

    Raises:
        NotAllowed: the name has an address that is not public.
        OSError: the name has no address.
    """
    found = [
        ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    for address in found:
        if not is_public(address):
            raise NotAllowed(f"{host} has the address {address}, which is not public")
    return found[0]


def is_public(address: Address) -> bool:
    """Tell whether messages may go to an address; its translated forms count as what they mean."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in _TRANSLATED:
            return False
    if settings.WEIGHBRIDGE_WEBHOOKS_TO_LOOPBACK and address.is_loopback:
        return True
    return address.is_global and not address.is_multicast


def sign(secret: str, moment: int, body: bytes) -> str:
    """Return the signature header: HMAC SHA-256 over the time, a dot and the body."""
    mac = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


def send(url: str, secret: str, kind: str, body: bytes) -> Outcome:
    """Try once to deliver; anything but a 2xx answer is an error."""
    started = time.monotonic()
    address, status, error = "", None, ""
    try:
        parts = check(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        pinned = resolve(host, port)
        address = str(pinned)
        status = _post(parts, port, address, _headers(secret, kind, body), body)
        if not 200 <= status < 300:
            error = f"the answer is {status}"
    except NotAllowed as refusal:
        error = str(refusal)
    except (OSError, http.client.HTTPException) as failure:
        error = f"{type(failure).__name__}: {failure}"
    elapsed = int((time.monotonic() - started) * 1000)
    return Outcome(address, status, error[:300], elapsed)


def _headers(secret: str, kind: str, body: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": f"weighbridge/{__version__}",
        "Weighbridge-Event": kind,
        "Weighbridge-Signature": sign(secret, int(time.time()), body),
    }


def _post(parts: SplitResult, port: int, address: str, headers: dict[str, str], body: bytes) -> int:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Pinned(parts.hostname or "", port, address, parts.scheme == "https")
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read(_ANSWER_BYTES)
        return answer.status
    finally:
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to a given address that names, and is certified for, the host."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=_TIMEOUT_S)
        self.default_port = 443 if secure else 80
        self._address = address
        self._secure = secure

    def connect(self) -> None:
        """Connect to the address, whatever the name says by now."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
