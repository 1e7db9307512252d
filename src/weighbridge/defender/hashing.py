"""SHA-256 of an open file, computed by the scanner itself while a worker parses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable

from weighbridge.budget import MIB

_CHUNK = MIB


def sha256_of(descriptor: int, size: int, stopped: Callable[[], bool]) -> str | None:
    """Return the hex digest of the first `size` bytes, None when they are not there any more.

    The descriptor's position is neither used nor moved, because a worker shares it.
    """
    digest = hashlib.sha256()
    offset = 0
    while offset < size:
        try:
            data = os.pread(descriptor, min(_CHUNK, size - offset), offset)
        except OSError:
            return None
        if not data or stopped():
            return None
        digest.update(data)
        offset += len(data)
    return digest.hexdigest()
