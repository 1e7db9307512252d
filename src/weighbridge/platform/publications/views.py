"""The feeds: OSV dump and Atom. Open to everybody, cacheable, without cookies."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.publications.dumps import dump
from weighbridge.platform.publications.osv import public, published
from weighbridge.text.escaping import visible

_TYPES = {
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
}
_ENTRIES = 50


@require_safe
def osv_file(request: HttpRequest, path: str) -> HttpResponse:
    """Answer a file of the dump."""
    data = dump().file(path)
    if data is None:
        raise Http404
    return _cacheable(request, data, _TYPES[path.rpartition(".")[2]])


@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    """Answer the newest advisories as Atom."""
    base = settings.WEIGHBRIDGE_URL
    feed = Atom1Feed(
        title=f"{settings.WEIGHBRIDGE_ISSUER} advisories",
        link=f"{base}/advisories",
        description="Weaknesses and malicious models",
        feed_url=f"{base}/advisories.atom",
        feed_guid=f"{base}/advisories.atom",
    )
    for item in published(public().order_by("-pk")[:_ENTRIES]):
        number = bare(item.advisory)
        withdrawn = " (withdrawn)" if item.withdrawal else ""
        feed.add_item(
            title=visible(f"{number}{withdrawn}: {item.content.title}"),
            link=f"{base}/advisories/{number}",
            description=visible(item.content.description, 2000),
            unique_id=f"{base}/advisories/{number}",
            pubdate=item.first.created_at,
            updateddate=item.modified,
        )
    return _cacheable(request, feed.writeString("utf-8").encode(), "application/atom+xml")


def _cacheable(request: HttpRequest, data: bytes, content_type: str) -> HttpResponse:
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    response: HttpResponse
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(data, content_type=content_type)
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=60"
    return response
