"""Structured logs: one JSON object per line, with the request that caused it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from weighbridge.platform.audit.context import request_id


class JsonFormatter(logging.Formatter):
    """Writes a record as JSON. Fields given by ``extra={"fields": {...}}`` are added."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := request_id.get():
            entry["request"] = request
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            entry.update(fields)
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
