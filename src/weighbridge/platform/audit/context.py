"""Which request caused what is being written: set by the web layer, and by workers for a scan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("weighbridge_request_id", default="")


@contextmanager
def caused_by(request: str) -> Iterator[None]:
    """Write what follows down as caused by `request`."""
    token = request_id.set(request)
    try:
        yield
    finally:
        request_id.reset(token)
