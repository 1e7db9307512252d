"""A hub on loopback with one small model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hub_scans import model

from hub.server import LoopbackHub


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub([model()]) as running:
        yield running
