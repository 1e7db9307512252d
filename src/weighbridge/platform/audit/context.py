"""Which request caused what is being written; set by the web layer, empty in workers."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("weighbridge_request_id", default="")
