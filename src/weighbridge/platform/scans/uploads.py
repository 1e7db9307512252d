"""Files that people send to be scanned: bounded, in a private folder, deleted after the scan."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.scans.models import Scan, TargetKind, Upload
from weighbridge.platform.scans.services import enqueue
from weighbridge.platform.scans.targets import spool

MAX_BYTES = 2 << 30
QUOTA_BYTES = 20 << 30


def receive(
    user: User, name: str, chunks: Iterable[bytes], *, target: str = "", priority: int = 0
) -> Scan:
    """Keep a file in the spool and ask for it to be scanned.

    Args:
        user: who sends it.
        name: of the file; its last part only is kept.
        chunks: its bytes. Nothing else about it is believed: no hash, no facts, no verdict.
        target: what to call it; by default its sender and name.
        priority: higher is sooner.

    Raises:
        PermissionDenied: they may not.
        Refused: it is larger than allowed, or the person's quota or the disk is full. Nothing of
            it is kept.
    """
    require(user, Action.REQUEST_SCAN)
    name = storable(os.path.basename(name.replace("\\", "/")) or "upload", 255)
    left = _quota() - used(user)
    token = secrets.token_hex(32)
    place = spool() / token
    with ExitStack() as failed:
        failed.callback(place.unlink, missing_ok=True)
        size, sha256 = _write(place, chunks, left)
        with transaction.atomic():
            scan = _row(
                user,
                Upload(owner=user, name=name, spool=token, size=size, sha256=sha256),
                target or f"upload/{user.get_username()}/{name}",
                priority,
            )
        failed.pop_all()
    return scan


def used(user: User) -> int:
    """Return how many bytes of a person's uploads are in the spool."""
    waiting = Upload.objects.filter(owner=user, deleted_at__isnull=True)
    return waiting.aggregate(total=Sum("size"))["total"] or 0


def discard(scan: Scan) -> None:
    """Delete the bytes of an upload whose scan is over; without one, do nothing."""
    upload = Upload.objects.filter(scan=scan, deleted_at__isnull=True).first()
    if upload is None:
        return
    (spool() / upload.spool).unlink(missing_ok=True)
    Upload.objects.filter(pk=upload.pk).update(deleted_at=timezone.now())


def sweep(older_seconds: float = 24 * 3600) -> int:
    """Delete files in the spool that no row speaks of, left by a process that was killed."""
    known = set(Upload.objects.filter(deleted_at__isnull=True).values_list("spool", flat=True))
    oldest = timezone.now().timestamp() - older_seconds
    count = 0
    for place in spool().iterdir():
        if place.name not in known and place.is_file() and place.stat().st_mtime < oldest:
            place.unlink(missing_ok=True)
            count += 1
    return count


def _row(user: User, upload: Upload, target: str, priority: int) -> Scan:
    User.objects.select_for_update().get(pk=user.pk)  # one upload at a time is counted
    if used(user) + upload.size > _quota():
        raise Refused("your uploads that wait for their scans fill your quota; try again later")
    scan = enqueue(
        user,
        Scan(kind=TargetKind.UPLOAD, target=target, restricted=True, deep=True, priority=priority),
    )
    upload.scan = scan
    upload.save(force_insert=True)
    return scan


def _write(place: Path, chunks: Iterable[bytes], left: int) -> tuple[int, str]:
    most = int(getattr(settings, "WEIGHBRIDGE_UPLOAD_MAX_BYTES", MAX_BYTES))
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise Refused(f"the file is larger than {most} bytes")
                if size > left:
                    raise Refused("your uploads that wait for their scans fill your quota")
                digest.update(chunk)
                file.write(chunk)
    except OSError as error:
        raise Refused(f"the file could not be kept: {error.strerror}") from error
    return size, digest.hexdigest()


def _quota() -> int:
    return int(getattr(settings, "WEIGHBRIDGE_UPLOAD_QUOTA_BYTES", QUOTA_BYTES))
