"""The addresses of OSV's own API: ``/v1/query``, ``/v1/querybatch`` and ``/v1/vulns/{id}``.

Open to everybody, as the feeds are: nothing but what is published stands in an answer. Clients post
JSON without saying that it is JSON (pip-audit), so the body alone counts. Errors have the form of
osv.dev's (gRPC codes).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from weighbridge.libraries.store import StoreError
from weighbridge.platform.publications import osv_answers
from weighbridge.platform.publications.osv_queries import BadQuery, parsed, parsed_batch

_INVALID, _NOT_FOUND, _INTERNAL = 3, 5, 13
log = logging.getLogger(__name__)


@csrf_exempt
def query(request: HttpRequest) -> HttpResponse:
    """Answer one query with whole records; with an empty object when there is nothing."""
    return _posted(request, lambda value: osv_answers.page(parsed(value)))


@csrf_exempt
def query_batch(request: HttpRequest) -> HttpResponse:
    """Answer up to a thousand queries with ids and times, in their order."""
    return _posted(
        request,
        lambda value: {"results": osv_answers.brief_pages(parsed_batch(value))},
    )


def vulnerability(request: HttpRequest, identifier: str) -> HttpResponse:
    """Answer the record with an id."""
    if request.method not in ("GET", "HEAD"):
        return _error(405, _INVALID, "this address is for GET only")
    try:
        found = osv_answers.by_id(identifier)
        others = [] if found is not None else osv_answers.called(identifier)
    except StoreError as error:
        return _broken(error)
    if found is not None:
        return _answer(200, found)
    if others:
        return _error(404, _NOT_FOUND, f"Bug not found, but it is an alias of: {', '.join(others)}")
    return _error(404, _NOT_FOUND, "Bug not found.")


def _posted(request: HttpRequest, answered: Callable[[object], dict[str, Any]]) -> HttpResponse:
    if request.method != "POST":
        return _error(405, _INVALID, "this address is for POST only")
    try:
        value = json.loads(request.body)
    except RequestDataTooBig:
        return _error(400, _INVALID, "the request is too large")
    except (ValueError, RecursionError):
        return _error(400, _INVALID, "the request is no JSON")
    try:
        return _answer(200, answered(value))
    except BadQuery as error:
        return _error(400, _INVALID, str(error))
    except StoreError as error:
        return _broken(error)


def _broken(error: StoreError) -> HttpResponse:
    log.error("imported records: %s", error)
    return _error(500, _INTERNAL, "the imported records cannot be read")


def _answer(status: int, value: dict[str, Any]) -> HttpResponse:
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return HttpResponse(data, status=status, content_type="application/json")


def _error(status: int, code: int, message: str) -> HttpResponse:
    return _answer(status, {"code": code, "message": message})
