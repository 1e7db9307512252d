"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as InvalidRequest
from ninja.openapi.schema import OpenAPISchema

from weighbridge.errors import TargetError
from weighbridge.platform.audit.context import request_id
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused

log = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """Return a problem as an answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request": request_id.get(),
        **more,
    }
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


class DescribedAPI(NinjaAPI):
    """The API, whose description says of every operation what an error looks like."""

    def get_openapi_schema(self, **how: Any) -> OpenAPISchema:
        """Return the description, with the one form of errors as the default answer."""
        schema = super().get_openapi_schema(**how)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _FORM
        answer = {
            "description": "An error (RFC 9457)",
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for methods in schema["paths"].values():
            for operation in methods.values():
                operation["responses"]["default"] = answer
        return schema


_FORM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request": {"type": "string", "description": "id of the request, as the logs have it"},
    },
}


_FULL = "The server's disk is full. Nothing was changed; tell who runs it."


def install(api: NinjaAPI) -> None:
    """Give every error of the API the one form."""
    for kind, status in ((NotFound, 404), (Refused, 422), (Conflict, 409), (PermissionDenied, 403)):
        api.add_exception_handler(kind, _says(status))
    api.add_exception_handler(Http404, lambda _r, _e: problem(404, "There is no such thing."))
    api.add_exception_handler(AuthenticationError, _unknown)
    api.add_exception_handler(InvalidRequest, _invalid)
    api.add_exception_handler(HttpError, _stated)
    api.add_exception_handler(ValidationError, _unfit)
    api.add_exception_handler(OverflowError, _beyond)
    api.add_exception_handler(DataError, _unstorable)
    api.add_exception_handler(OperationalError, _busy)
    api.add_exception_handler(TargetError, _says(422))
    api.add_exception_handler(OSError, _unkept)


def _says(status: int) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda _request, error: problem(status, str(error))


def _beyond(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(404, "There is no such thing: the number is larger than any that is given out.")


def _unstorable(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(422, "A value cannot be stored, such as a text with NUL in it.")


def _busy(request: HttpRequest, error: Any) -> HttpResponse:
    log.error("the database does not answer", exc_info=error)
    if "is full" in str(error):
        return problem(507, _FULL)
    answer = problem(503, "The database does not answer. Nothing was changed; try again.")
    answer["Retry-After"] = "5"
    return answer


def _unkept(request: HttpRequest, error: Any) -> HttpResponse:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    log.error("the disk is full", exc_info=error)
    return problem(507, _FULL)


def _unknown(request: HttpRequest, error: Any) -> HttpResponse:
    answer = problem(401, "Send a token: Authorization: Bearer wb_…")
    answer["WWW-Authenticate"] = 'Bearer realm="weighbridge"'
    return answer


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [
        {"where": [str(part) for part in one.get("loc", ())], "what": str(one.get("msg", ""))}
        for one in error.errors
    ]
    return problem(
        422, "The request does not have the form that this address takes.", errors=errors
    )


def _stated(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, str(error))


def _unfit(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(422, " ".join(error.messages))
