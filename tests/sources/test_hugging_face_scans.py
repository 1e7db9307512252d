"""Models on a loopback Hugging Face Hub, scanned without being downloaded."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.defender.targets import Reach
from weighbridge.sources.access import Access, HubAccess


class Payload:
    def __reduce__(self):
        import os

        return os.system, ("echo weighbridge-test",)


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as running:
        running.add(
            Repository(
                "org/model",
                {
                    "config.json": Content(b'{"model_type": "bert"}'),
                    "evil.bin": Content(pickle.dumps(Payload()), lfs=True),
                    "README.md": Content(b"# A model\n"),
                },
            )
        )
        yield running


def reach(hub: LoopbackHub, token: str | None = "hf_test") -> Reach:
    return Reach(Access(HubAccess(hub.url, token)))


def test_thin(hub: LoopbackHub) -> None:
    report = weighbridge.scan("hf://org/model", reach=reach(hub))
    assert report.verdict == "malicious"
