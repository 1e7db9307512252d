"""Advisories from a running platform.

It is told hashes and nothing else, unless a bill of materials is checked: then the models in it.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult

from weighbridge.advisories_lookup.model import LookupFailed, Named, Versioned
from weighbridge.advisories_lookup.records import MOST_BYTES
from weighbridge.text.addresses import safe

_TIMEOUT_S = 30
_ANSWER_BYTES = 1 << 20
_AT_ONCE = 100
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class Platform:
    """A platform's look-up by hash."""

    def __init__(self, address: str, token: str | None) -> None:
        self._address = address.rstrip("/")
        self._parts = checked(self._address)
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def naming(self, digests: Iterable[str]) -> Mapping[str, tuple[Named, ...]]:
        """Return for each SHA-256 the advisories that name it.

        Raises:
            LookupFailed: the platform does not answer, or refuses.
        """
        found = {}
        connection = _connection(self._parts)
        try:
            for digest in digests:
                if named := self._ask(connection, digest):
                    found[digest] = named
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LookupFailed(f"{self._address} does not answer: {error}") from error
        finally:
            connection.close()
        return found

    def about(self, models: Iterable[Versioned]) -> Mapping[Versioned, tuple[Named, ...]]:
        """Return for each model the advisories about it (OSV's API, ``/v1/querybatch``).

        Raises:
            LookupFailed: the platform does not answer, or refuses.
        """
        found: dict[Versioned, tuple[Named, ...]] = {}
        connection = _connection(self._parts)
        asked = list(models)
        try:
            for start in range(0, len(asked), _AT_ONCE):
                some = asked[start : start + _AT_ONCE]
                for model, named in zip(some, self._query(connection, some), strict=True):
                    if named:
                        found[model] = named
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LookupFailed(f"{self._address} does not answer: {error}") from error
        finally:
            connection.close()
        return found

    def _query(
        self, connection: http.client.HTTPConnection, models: Sequence[Versioned]
    ) -> list[tuple[Named, ...]]:
        queries = [
            {"package": {"purl": one.purl}, **({"version": one.version} if one.version else {})}
            for one in models
        ]
        headers = {**self._headers, "Content-Type": "application/json"}
        body = json.dumps({"queries": queries})
        connection.request("POST", f"{self._parts.path}/v1/querybatch", body, headers)
        answer = connection.getresponse()
        data = answer.read(_ANSWER_BYTES)
        if answer.status != 200:
            raise LookupFailed(f"{self._address} answers {answer.status} {answer.reason}")
        results = json.loads(data)
        results = results.get("results") if isinstance(results, dict) else None
        if not isinstance(results, list) or len(results) != len(models):
            raise ValueError("the answer is none of a platform's")
        return [tuple(_of_osv(one)) for one in results]

    def _ask(self, connection: http.client.HTTPConnection, digest: str) -> tuple[Named, ...]:
        path = f"{self._parts.path}/api/v1/artifacts/{digest}"
        connection.request("GET", path, headers=self._headers)
        answer = connection.getresponse()
        body = answer.read(_ANSWER_BYTES)
        if answer.status == 404:
            return ()
        if answer.status in (401, 403):
            raise LookupFailed(
                f"{self._address} wants a token with the scope read: set WEIGHBRIDGE_TOKEN"
            )
        if answer.status != 200:
            raise LookupFailed(f"{self._address} answers {answer.status} {answer.reason}")
        return tuple(_named(json.loads(body)))


def fetch(address: str) -> bytes:
    """Return the bytes at an address.

    Raises:
        LookupFailed: they cannot be had.
    """
    parts = checked(address)
    connection = _connection(parts)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        data = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise LookupFailed(f"{address} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise LookupFailed(f"{address} answers {answer.status} {answer.reason}")
    if len(data) > MOST_BYTES:
        raise LookupFailed(f"{address} is larger than {MOST_BYTES >> 20} MiB")
    return data


def checked(address: str) -> SplitResult:
    """Return the parts of an address that may be asked: https, or http on this machine.

    Raises:
        LookupFailed: it is neither.
    """
    parts = safe(address)
    if parts is None:
        raise LookupFailed(f"{address} must begin with https:// and hold no credentials")
    return parts


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    assert parts.hostname is not None
    try:
        port = parts.port
    except ValueError:
        raise LookupFailed(f"{parts.geturl()} has no valid port") from None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, port, timeout=_TIMEOUT_S)


def _of_osv(result: Any) -> Iterable[Named]:
    vulns = result.get("vulns") if isinstance(result, dict) else None
    for one in vulns if isinstance(vulns, list) else ():
        identifier = one.get("id") if isinstance(one, dict) else None
        if isinstance(identifier, str) and _ID.fullmatch(identifier):
            bare = identifier.removeprefix("x_")
            yield Named(bare, bare.startswith("MSC-"), "")


def _named(answer: Any) -> Iterable[Named]:
    if not isinstance(answer, dict) or not isinstance(answer.get("advisories"), list):
        raise ValueError("the answer is none of a platform's")
    for identifier in answer["advisories"]:
        if isinstance(identifier, str) and _ID.fullmatch(identifier):
            yield Named(identifier, identifier.startswith("MSC-"), "")
