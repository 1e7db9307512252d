"""A hub on loopback with one small model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hub_scans import model

from hub.server import LoopbackHub
from weighbridge.sources import patience


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits between tries; returns how long they would have."""
    paused: list[float] = []
    monkeypatch.setattr(patience, "_sleep", lambda seconds, stopped: paused.append(seconds))
    return paused


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub([model()]) as running:
        yield running
