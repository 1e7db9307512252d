"""Ranges of a remote file over HTTP (RFC 9110, section 14), with every answer checked.

A provider's address leads through redirects to a signed address at some storage. The signed one is
kept for the next ranges and asked for again once it has expired. What a server says is believed
only as far as it was asked for: status 206, exactly this range of exactly this size, that many
bytes, and the same version of the file each time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from weighbridge.errors import SourceError
from weighbridge.sources.patience import REQUEST_SECONDS, patiently
from weighbridge.sources.transport import (
    NetworkError,
    Query,
    Reply,
    Stopped,
    Transport,
    origin,
    redirected,
)

LARGEST_RANGE = 8 << 20
_REDIRECTS = 5
_DRAINED = 64 << 10
"""A redirect's text is read to its end, so that the connection can be used again."""
_MOVED = frozenset({301, 302, 303, 307, 308})
_EXPIRED = frozenset({400, 401, 403, 404, 410})
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"md5=([A-Za-z0-9+/]{22}==)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a provider hands out one file.

    Attributes:
        url: at the provider.
        secret: headers for the provider's own origin alone.
        size: in bytes, as the provider lists it.
        sha256: as the provider declares it, to be compared with what the redirect says.
        commit: as pinned, likewise.
        method: GET, or POST with `body`.
    """

    url: str
    size: int
    secret: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None
    commit: str | None = None
    method: str = "GET"
    body: bytes | None = None


class RangeIgnored(SourceError):
    """The server sends the file from its beginning, whatever is asked for."""


class RangeReader:
    """Reads ranges of one remote file; used by one thread at a time."""

    def __init__(self, transport: Transport, address: Address) -> None:
        self._transport = transport
        self._address = address
        self._origin = origin(address.url)
        self._signed: str | None = None
        self._tag: str | None = None
        self._md5: str | None = None

    @property
    def size(self) -> int:
        """Length in bytes, as the provider lists it."""
        return self._address.size

    @property
    def located(self) -> bool:
        """Whether the signed address is known."""
        return self._signed is not None

    @property
    def md5(self) -> str | None:
        """The MD5 in base64 as the storage declares it, if it does (x-goog-hash)."""
        return self._md5

    def fetch(self, offset: int, count: int, stopped: Stopped = lambda: False) -> bytes:
        """Return exactly the `count` bytes from `offset`, which must lie within the file.

        Raises:
            SourceError: they cannot be fetched, or the server answers something else.
            Stop: `stopped` said so.
        """
        deadline = time.monotonic() + REQUEST_SECONDS
        return self._checked(self._ask(offset, count, deadline, stopped), offset, count)

    def check_empty(self, stopped: Stopped = lambda: False) -> None:
        """See to it that a file which is listed as empty is.

        Raises:
            SourceError: it is not, or nothing can be learnt.
        """
        reply = self._ask(0, 1, time.monotonic() + REQUEST_SECONDS, stopped)
        if reply.status != 416 and not (reply.status == 200 and not reply.body):
            raise SourceError("the file is listed as empty and is not")

    def _ask(self, offset: int, count: int, deadline: float, stopped: Stopped) -> Reply:
        wanted = {"Range": f"bytes={offset}-{offset + count - 1}"}
        if self._signed is not None:
            headers = {**wanted, **self._secret_for(self._signed)}
            query = Query("GET", self._signed, headers, None, _read_for(count))
            reply = self._send(query, deadline, stopped)
            if reply.status not in _EXPIRED and reply.status not in _MOVED:
                return reply
            self._signed = None
        url, method, body = self._address.url, self._address.method, self._address.body
        for _ in range(_REDIRECTS):
            headers = {**wanted, **self._secret_for(url)}
            query = Query(method, url, headers, body, _read_for(count))
            reply = self._send(query, deadline, stopped)
            if reply.status not in _MOVED:
                if method != "GET":
                    raise SourceError("the provider does not say where the file is")
                if url != self._address.url and reply.status == 206:
                    self._signed = url
                return reply
            self._compare(reply)
            url, method, body = redirected(url, reply.header("location")), "GET", None
        raise SourceError("the server redirects without end")

    def _send(self, query: Query, deadline: float, stopped: Stopped) -> Reply:
        return patiently(
            lambda until: self._transport.send(query, until, stopped), deadline, stopped
        )

    def _secret_for(self, url: str) -> Mapping[str, str]:
        return self._address.secret if origin(url) == self._origin else {}

    def _compare(self, reply: Reply) -> None:
        """Compare what the provider says on the way with what it listed."""
        linked = _bare(reply.header("x-linked-etag"))
        declared = self._address.sha256
        if declared and _SHA256.fullmatch(linked) and linked != declared:
            raise SourceError("the server now names another hash than it listed")
        commit = reply.header("x-repo-commit")
        if commit and self._address.commit and commit != self._address.commit:
            raise SourceError("the server answers with another revision than was asked for")
        size = reply.header("x-linked-size")
        if size and size != str(self._address.size):
            raise SourceError("the server now names another size than it listed")

    def _checked(self, reply: Reply, offset: int, count: int) -> bytes:
        size = self._address.size
        if reply.header("content-encoding") not in ("", "identity"):
            raise SourceError("the server encodes what it was asked to send as it is")
        if reply.status == 200:
            # Without a range in the answer only the whole file is what was asked for.
            if offset or count != size:
                raise RangeIgnored("the server ignores which range it is asked for")
        elif reply.status == 206:
            self._check_range(reply.header("content-range"), offset, count)
        else:
            broken = reply.status >= 500
            raise (NetworkError if broken else SourceError)(_refusal(reply))
        if len(reply.body) != count or reply.cut:
            raise SourceError("the server sends another number of bytes than it announces")
        tag = _bare(reply.header("etag"))
        if tag and self._tag and tag != self._tag:
            raise SourceError("the file was changed during the scan")
        self._tag = self._tag or tag or None
        if (digest := _MD5.search(reply.header("x-goog-hash"))) is not None:
            self._md5 = digest[1]
        return reply.body

    def _check_range(self, text: str, offset: int, count: int) -> None:
        match = _CONTENT_RANGE.fullmatch(text)
        if match is None:
            raise SourceError("the server does not say which range it sends")
        first, last, size = map(int, match.groups())
        if size != self._address.size:
            raise SourceError("the file has another size than the server listed")
        if (first, last) != (offset, offset + count - 1):
            raise SourceError("the server sends another range than was asked for")


def _read_for(count: int) -> int:
    return max(count, _DRAINED)


def _bare(tag: str) -> str:
    return tag.removeprefix("W/").strip('"')


def _refusal(reply: Reply) -> str:
    if reply.header("x-error-code") == "GatedRepo":
        return "it is gated: ask for access on the model's page"
    known = {
        401: "the server asks for a login",
        403: "the server does not allow reading it",
        404: "the server does not have it any more",
        416: "the file has another size than the server listed",
    }
    return known.get(reply.status, f"the server answers with status {reply.status}")
