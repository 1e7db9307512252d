"""What pages show of monitors."""

from __future__ import annotations

from django.db.models import QuerySet

from weighbridge.platform.monitors.models import Monitor

_SHOWN = 20


def newest() -> QuerySet[Monitor]:
    """Return the monitors that were made last."""
    return Monitor.objects.order_by("-pk")[:_SHOWN]
