"""Uploads go straight into the private spool, and stop at the size that the settings allow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

REFUSED = "weighbridge.upload_refused"
"""Key in a request's META: status and sentence, where its upload was given up."""


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes every upload to the spool; gives up when it is too large or the disk is full."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._received = 0

    def new_file(self, *args: Any, **options: Any) -> None:
        """Make the file in the spool."""
        with self._kept():
            super().new_file(*args, **options)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk, unless the limit is reached."""
        self._received += len(raw_data)
        if self._received > settings.WEIGHBRIDGE_UPLOAD_MAX_BYTES:
            self._refuse(413, "The file is larger than this server takes.")
        with self._kept():
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """Finish the file: what was still in memory is written now."""
        with self._kept():
            return super().file_complete(file_size)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._refuse(507, f"The server cannot keep the file: {error.strerror}.")

    def _refuse(self, status: int, why: str) -> None:
        if self.request is not None:
            self.request.META[REFUSED] = (status, why)
        raise StopUpload(connection_reset=False)
