"""A platform on RabbitMQ and PostgreSQL of its own, with a hub of its own on loopback.

Django is set up here rather than by pytest-django, because its database is a server that the tests
start: ``make test-services`` leaves that plugin out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from hub.server import LoopbackHub
from services import servers

INSTALLED = all(find_spec(name) for name in ("django", "celery", "psycopg"))


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder that another user's server can reach, which no folder of pytest's is."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-services-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@pytest.fixture(scope="session")
def postgresql(place: Path) -> Iterator[servers.PostgreSQL]:
    if why := servers.postgresql_missing():
        pytest.skip(why)
    server = servers.PostgreSQL(place)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbitmq(place: Path) -> Iterator[servers.RabbitMQ]:
    if why := servers.rabbitmq_missing():
        pytest.skip(why)
    server = servers.RabbitMQ(place)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as running:
        yield running


@pytest.fixture(scope="session")
def platform(
    place: Path, postgresql: servers.PostgreSQL, rabbitmq: servers.RabbitMQ, hub: LoopbackHub
) -> Iterator[object]:
    if not INSTALLED:
        pytest.skip("the platform or Celery is not installed")
    from services.platform import Platform

    running = Platform(place, postgresql, rabbitmq, hub)
    yield running
    running.end()
