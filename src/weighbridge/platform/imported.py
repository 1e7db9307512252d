"""The imported records on libraries: one open file for each thread, renewed after an import."""

from __future__ import annotations

import os
import threading

from weighbridge.libraries.store import Store, usual_place

_opened = threading.local()


def imported() -> Store | None:
    """Return the imported records, None when there are none yet.

    Raises:
        StoreError: they cannot be read.
    """
    place = usual_place()
    try:
        status = os.stat(place)
    except OSError:
        return None
    state = (place, status.st_ino, status.st_mtime_ns)
    if getattr(_opened, "state", None) != state:
        _opened.store = Store(place)
        _opened.state = state
    store: Store = _opened.store
    return store
