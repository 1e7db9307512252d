"""The storage behind signed addresses: ranges, and no credentials."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from .content import Content
from .server import Request, Response

if TYPE_CHECKING:
    from .server import LoopbackHub

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_SUFFIX = re.compile(r"bytes=-(\d+)")


class StorageRoutes:
    def __init__(self, hub: LoopbackHub) -> None:
        self._hub = hub
        self._uses: dict[str, int] = {}

    def answer(self, request: Request) -> Response:
        faults = self._hub.faults
        key = request.path.rpartition("/")[2]
        self._uses[key] = self._uses.get(key, 0) + 1
        if key not in self._hub.signed:
            return Response(404)
        if faults.expire_after is not None and self._uses[key] > faults.expire_after:
            return Response(403, {"Content-Type": "application/xml"}, b"<Error>expired</Error>")
        if faults.breaks_after is not None:
            faults.breaks_after -= 1
            faults.broken += 10**6 * (faults.breaks_after < 0)
        if faults.broken:
            faults.broken -= 1
            return Response(503)
        content, _ = self._hub.signed[key]
        if faults.changing:
            content.generation += 1
        tag = f'"{content.sha256[::-1]}-{content.generation}"'
        return ranged(content, request, self._hub, {"ETag": tag, **_hashes(content, self._hub)})


def _hashes(content: Content, hub: LoopbackHub) -> dict[str, str]:
    if content.size > 1 << 20:
        return {}
    data = b"wrong" if hub.faults.wrong_md5 else content.read(0, content.size)
    md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
    return {"x-goog-hash": f"md5={md5}"}


def ranged(
    content: Content, request: Request, hub: LoopbackHub, headers: dict[str, str]
) -> Response:
    """Answer with the range that is asked for, or with what the faults make of it."""
    faults, size = hub.faults, content.size
    headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", **headers}
    asked = request.headers.get("Range") or ""
    match, suffix = _RANGE.fullmatch(asked), _SUFFIX.fullmatch(asked)
    if request.method == "HEAD":
        return Response(200, {**headers, "Content-Length": str(size)}, b"")
    if faults.ignore_range or not (match or suffix):
        return Response(200, headers, content.read(0, size))
    if match:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    else:
        assert suffix is not None
        first, last = max(0, size - int(suffix[1])), size - 1
    if first >= size:
        return Response(416, {"Content-Range": f"bytes */{size}"})
    data = content.read(first, last - first + 1)
    shown = first + 1 if faults.wrong_range else first
    headers["Content-Range"] = f"bytes {shown}-{last}/{size}"
    if faults.short:
        return Response(206, headers, data[: -faults.short], claimed=len(data), drip=faults.drip)
    return Response(206, headers, data, drip=faults.drip)
