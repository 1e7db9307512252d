"""A small model for a hub on loopback, and the ways to scan it."""

from __future__ import annotations

import json
import os
import pickle
import struct

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.defender.targets import Reach
from weighbridge.findings.model import FileReport, ScanReport
from weighbridge.sources.access import Access, HubAccess

TOKEN = "hf_weighbridge"


class Runs:
    """Unpickling it would start a process, an inert one."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("echo weighbridge-test",)


def safetensors(size: int = 16 << 20) -> bytes:
    """Return a file with one tensor of `size` bytes."""
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"weight": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)


def model() -> Repository:
    return Repository(
        "org/model",
        {
            "README.md": Content(b"# A model\n"),
            "config.json": Content(b'{"model_type": "bert"}'),
            "evil.bin": Content(pickle.dumps(Runs()), lfs=True),
            "weights/model.safetensors": Content(safetensors(), lfs=True),
        },
    )


def reach(hub: LoopbackHub, token: str | None = TOKEN, **fields: object) -> Reach:
    access = Access(HubAccess(hub.url, token), HubAccess(hub.url))
    return Reach(access, **fields)  # type: ignore[arg-type]


def scanned(
    hub: LoopbackHub, target: str = "hf://org/model", deep: bool = False, **fields: object
) -> ScanReport:
    return weighbridge.scan(target, deep=deep, reach=reach(hub, **fields))  # type: ignore[arg-type]


def files(report: ScanReport) -> dict[str, FileReport]:
    return {file.path: file for file in report.files}


def codes(file: FileReport) -> list[str]:
    return [note.code for note in file.coverage.notes]
