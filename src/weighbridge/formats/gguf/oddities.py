"""Anomalies of one GGUF file, so many of each kind and no more."""

from __future__ import annotations

from collections import Counter

from weighbridge.formats.context import Context, Place

NAME = "gguf"
_EACH = 20


class Oddities:
    """Adds anomalies to the facts until there are enough of their kind."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context = context
        self._place = place
        self._seen: Counter[str] = Counter()

    def add(self, code: str, text: str, at: int | None) -> bool:
        """Add one; returns False where there are enough already."""
        self._seen[code] += 1
        if self._seen[code] > _EACH:
            return False
        self._context.anomaly(self._place, NAME, code, text, at)
        return True
