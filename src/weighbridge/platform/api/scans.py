"""Scans: asking for them, sending files, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from ninja.errors import HttpError

from weighbridge.errors import TargetError
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, allowed
from weighbridge.platform.api.access import AUTHENTICATED, actor
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.api.scan_reports import report_of, with_libraries
from weighbridge.platform.api.throttling import refuse_too_many
from weighbridge.platform.api.uploads import REFUSED
from weighbridge.platform.audit.errors import Conflict, NotFound
from weighbridge.platform.scans import services, uploads
from weighbridge.platform.scans.models import Scan, ScanState
from weighbridge.platform.scans.selectors import visible_to

router = Router(tags=["scans"], auth=AUTHENTICATED)
_BLOCK = 1 << 16


class ScanRequest(Schema):
    """What to scan."""

    target: str = Field(..., min_length=1, max_length=1024)
    deep: bool = False


class FileName(Schema):
    """What a file that is sent is called."""

    name: str = Field("", max_length=255)


class ScanFilter(Paging):
    """Which scans to list."""

    state: ScanState | None = None


class ScanOut(Schema):
    """A scan."""

    id: int
    kind: str
    target: str
    state: str
    verdict: str | None = Field(description="of the rules; the report has people's decisions too")
    status: str | None
    version: int | None
    error: str
    files_total: int | None
    files_done: int
    bytes_done: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ScanPage(Schema):
    """A page of scans."""

    items: list[ScanOut]
    next: str | None


def find(user: User, number: int) -> Scan:
    """Return a scan that somebody may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    scan = visible_to(user).filter(pk=number).first()
    if scan is None:
        raise NotFound(f"there is no scan {number}")
    return scan


def shown(scan: Scan) -> dict[str, Any]:
    """Return a scan as plain data."""
    return {
        "id": scan.pk,
        "kind": scan.kind,
        "target": scan.target,
        "state": scan.state,
        "verdict": scan.verdict or None,
        "status": scan.version.status if scan.version else None,
        "version": scan.version_id,
        "error": scan.error,
        "files_total": scan.files_total,
        "files_done": scan.files_done,
        "bytes_done": scan.bytes_total,
        "created_at": scan.created_at,
        "started_at": scan.started_at,
        "finished_at": scan.finished_at,
    }


def ask(user: User, target: str, deep: bool = False) -> Scan:
    """Put a target into the queue, on this machine or on a hub.

    Raises:
        HttpError: the server does not scan such a target.
    """
    kind = "path" if target.startswith("/") else "hub"
    try:
        return services.request(user, kind, target.strip(), deep=deep)
    except TargetError as error:
        raise HttpError(422, str(error)) from error


@router.post("/scans", response={201: ScanOut}, summary="Ask for a scan")
def create(request: HttpRequest, body: ScanRequest) -> Status[dict[str, Any]]:
    """Put a hub address, or a path that this server may scan, into the queue."""
    user = actor(request, Action.REQUEST_SCAN)
    refuse_too_many(request, "scan")
    return Status(201, shown(ask(user, body.target, body.deep)))


@router.post("/uploads", response={201: ScanOut}, summary="Send a file to be scanned")
def upload(request: HttpRequest, query: Query[FileName]) -> Status[dict[str, Any]]:
    """Take a file: its bytes as the body with ?name=, or the field `file` of a form.

    Nothing but the bytes is believed. They are deleted after the scan.
    """
    user = actor(request, Action.REQUEST_SCAN)
    refuse_too_many(request, "scan")
    if (request.content_type or "").startswith("multipart/"):
        return Status(201, shown(receive_form(user, request, query.name)))
    return Status(201, shown(uploads.receive(user, query.name or "upload", _body(request))))


def _body(request: HttpRequest) -> Iterator[bytes]:
    """Yield the bytes of the body, which must be as many as its head says.

    Raises:
        HttpError: it does not say how many, or the connection broke off.
    """
    said = request.META.get("CONTENT_LENGTH") or ""
    if not said.isdecimal():
        raise HttpError(411, "Say how many bytes you send: Content-Length is missing.")
    left = int(said)
    if left > settings.WEIGHBRIDGE_UPLOAD_MAX_BYTES:
        raise HttpError(413, "The file is larger than this server takes.")
    while block := request.read(min(_BLOCK, left)) if left else b"":
        left -= len(block)
        yield block
    if left:
        raise HttpError(400, f"The connection broke off {left} bytes before the end.")


def receive_form(user: User, request: HttpRequest, name: str = "") -> Scan:
    """Keep the file of a form.

    Raises:
        HttpError: there is none, it is too large, or the disk is full.
    """
    file = request.FILES.get("file")
    if refused := request.META.get(REFUSED):
        raise HttpError(*refused)
    if not isinstance(file, UploadedFile):
        raise HttpError(422, "Send the file in a field with the name file.")
    return uploads.receive(user, name or file.name or "upload", file.chunks(_BLOCK))


@router.get("/scans", response=ScanPage, summary="List scans")
def listed(request: HttpRequest, query: Query[ScanFilter]) -> dict[str, Any]:
    """List scans, newest first: for researchers all, for others their own."""
    rows = visible_to(actor(request, Action.REQUEST_SCAN))
    if query.state is not None:
        rows = rows.filter(state=query.state)
    return page(rows, query, ("-id",), shown)


@router.get("/scans/{int:number}", response=ScanOut, summary="One scan")
def one(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return where a scan stands."""
    return shown(find(actor(request, Action.REQUEST_SCAN), number))


@router.get("/scans/{int:number}/report", summary="What a scan found")
def report(request: HttpRequest, number: int) -> dict[str, Any]:
    """Return the report in the form of `weighbridge scan --format json`."""
    user = actor(request, Action.REQUEST_SCAN)
    scan = find(user, number)
    if scan.version is None:
        raise Conflict(f"scan {number} is {scan.state}; there is no report yet")
    evidence = allowed(user, Action.READ_EVIDENCE) or not scan.version.model.restricted
    return with_libraries(report_of(scan, scan.version, evidence), scan.version)


@router.post("/scans/{int:number}/cancel", response=ScanOut, summary="Take a scan out of the queue")
def cancel(request: HttpRequest, number: int) -> dict[str, Any]:
    """Cancel a scan that waits."""
    user = actor(request, Action.REQUEST_SCAN)
    services.cancel(user, number)
    return shown(find(user, number))


@router.post("/scans/{int:number}/requeue", response=ScanOut, summary="Try a scan again")
def requeue(request: HttpRequest, number: int) -> dict[str, Any]:
    """Send a parked or failed scan back to the queue."""
    user = actor(request, Action.REQUEST_SCAN)
    services.requeue(user, number)
    return shown(find(user, number))
