"""A file of records from the web: fetched once, continued where it broke off.

Beside the file stand its validator and the bytes so far. A server that has the file unchanged says
so (304, RFC 9110 section 13); one that can continue is asked for the rest only, under the condition
that the file is still the same (``If-Range``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from weighbridge.libraries.store import StoreError
from weighbridge.text.addresses import safe

if TYPE_CHECKING:
    import urllib3

USUAL = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
"""Where osv.dev publishes the records of PyPI (google.github.io/osv.dev/data)."""

_MOST_BYTES = 4 << 30
_CHUNK = 1 << 18
_ATTEMPTS = 4
_TIMEOUT_S = 60.0

OnBytes = Callable[[int, int | None], None]
"""Told how many bytes are here, of how many where the server says it."""


def is_address(place: str) -> bool:
    """Tell whether records are to be fetched."""
    return place.startswith(("http://", "https://"))


def fetched(address: str, folder: str, progress: OnBytes | None = None) -> str:
    """Return the path of a current copy of the file at `address`.

    Args:
        address: https, or http on this machine.
        folder: keeps the copy between updates.
        progress: called as bytes arrive.

    Raises:
        StoreError: it cannot be had; the next call goes on from what came so far.
    """
    import urllib3

    _check(address)
    os.makedirs(folder, exist_ok=True)
    ending = ".zip" if urlsplit(address).path.endswith(".zip") else ".json"
    name = hashlib.sha256(address.encode()).hexdigest()[:16] + ending
    place = os.path.join(folder, name)
    pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT_S)
    last: Exception | None = None
    for _attempt in range(_ATTEMPTS):
        try:
            if _once(pool, address, place, progress):
                return place
        except (urllib3.exceptions.HTTPError, OSError) as error:
            last = error
    raise StoreError(f"{address} cannot be fetched: {last or 'the transfer broke off'}")


def _once(pool: urllib3.PoolManager, address: str, place: str, progress: OnBytes | None) -> bool:
    """Try once; False when the transfer broke off."""
    part = f"{place}.part"
    have = os.path.getsize(part) if os.path.exists(part) else 0
    wanted: dict[str, str] = {"Accept-Encoding": "identity"}
    known = _noted(f"{place}.validator") if os.path.exists(place) else ""
    begun = _noted(f"{part}.validator") if have else ""
    if have and begun:
        wanted |= {"Range": f"bytes={have}-", "If-Range": begun}
    elif known:
        wanted["If-None-Match" if known.startswith('"') else "If-Modified-Since"] = known
    answer = pool.request("GET", address, headers=wanted, preload_content=False, redirect=False)
    try:
        if answer.status == 304:
            return True
        if answer.status == 416:
            os.unlink(part)
            return False
        if answer.status not in (200, 206):
            raise StoreError(f"{address} answers {answer.status} {answer.reason}")
        if answer.status == 200:
            have = 0
        return _received(answer, place, have, progress)
    finally:
        answer.release_conn()


def _received(
    answer: urllib3.BaseHTTPResponse, place: str, have: int, progress: OnBytes | None
) -> bool:
    part = f"{place}.part"
    validator = _validator(answer.headers)
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isascii() and length.isdigit() else None
    _note(f"{part}.validator", validator)
    with open(part, "r+b" if have else "wb") as file:
        file.seek(have)
        for chunk in answer.stream(_CHUNK, decode_content=False):
            file.write(chunk)
            have += len(chunk)
            if have > _MOST_BYTES:
                raise StoreError(f"the file is larger than {_MOST_BYTES >> 30} GiB")
            if progress is not None:
                progress(have, total)
    if total is not None and have != total:
        return False
    os.replace(part, place)
    _note(f"{place}.validator", validator)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{part}.validator")
    return True


def _validator(headers: Mapping[str, str]) -> str:
    """Return what tells this state of the file from another; weak tags do not (RFC 9110 13.1.5)."""
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _noted(place: str) -> str:
    try:
        with open(place, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return ""
    return value if isinstance(value, str) else ""


def _note(place: str, value: str) -> None:
    with open(place, "w", encoding="utf-8") as file:
        json.dump(value, file)


def _check(address: str) -> None:
    if safe(address) is None:
        raise StoreError(f"{address} must begin with https:// and hold no credentials")
