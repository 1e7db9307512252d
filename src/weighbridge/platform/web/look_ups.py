"""How long look-ups by hash take, for Prometheus: counted by each process, told by any of them.

With several processes `prometheus_client` keeps the counts in files of the folder that
PROMETHEUS_MULTIPROC_DIR names; `weighbridge serve` sets it to a folder of its own.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_PATH = "/api/v1/artifacts/"
_SECONDS = Histogram(
    "weighbridge_look_up_seconds",
    "From the arrival of a look-up by hash to its answer",
    buckets=(0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1.0, 5.0),
    registry=None,
)


def begin() -> None:
    """Make what this process counts in."""
    list(_SECONDS.collect())


def observe(path: str, seconds: float) -> None:
    """Count an answered request, if it was a look-up."""
    if path.startswith(_PATH):
        _SECONDS.observe(seconds)


def register_look_ups(registry: CollectorRegistry) -> None:
    """Tell what all processes have counted."""
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_SECONDS)
