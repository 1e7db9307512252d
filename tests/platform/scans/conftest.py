"""A hub on loopback that the platform takes for the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.server import LoopbackHub
from weighbridge.platform import hub_pace
from weighbridge.sources.access import Access, HubAccess


@pytest.fixture
def hub(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    monkeypatch.setattr(hub_pace, "shared", hub_pace.SharedPace())
    with LoopbackHub() as running:
        settings.WEIGHBRIDGE_HUBS = Access(HubAccess(running.url), HubAccess(running.url))
        yield running
