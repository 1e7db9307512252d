"""Uploads go straight into the private spool, and stop at the size that the settings allow."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes every upload to the spool and gives up when there is too much of it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk, unless the limit is reached."""
        self._received += len(raw_data)
        if self._received > settings.WEIGHBRIDGE_UPLOAD_MAX_BYTES:
            if self.request is not None:
                self.request.META["weighbridge.upload_too_large"] = True
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)
