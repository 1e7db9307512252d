"""Serves a folder as a hub on loopback: ``python -m tests.hub FOLDER [--latency MS] [--port N]``.

``FOLDER/huggingface/org/name/...`` are models at the one, and
``FOLDER/kaggle/owner/model/framework/variation/version/...`` at the other. The first line of output
is a JSON object with the addresses of the hub and of its storage. ``GET /loopback/log`` at the hub
answers with the requests so far and the bytes of files that were sent.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import threading
from pathlib import Path

from .content import Content, Repository
from .server import LoopbackHub

IN_GIT = 100_000
"""Files up to this size are kept in Git unless their name says that they are weights."""
_WEIGHTS = (".bin", ".safetensors", ".pt", ".pkl", ".gguf", ".onnx", ".h5", ".keras", ".npz")
HASHED = 64 << 20
"""Larger files declare a hash that is made up: to compute it would take longer than a scan."""


def contents(folder: Path) -> dict[str, Content]:
    """Return the files below `folder` by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name, size = path.relative_to(folder).as_posix(), path.stat().st_size
            lfs = size > IN_GIT or path.suffix in _WEIGHTS
            made_up = hashlib.sha256(f"{folder}/{name}".encode()).hexdigest()
            found[name] = Content(path, lfs, made_up if size > HASHED else None)
    return found


def serve(folder: Path, latency: float, port: int) -> LoopbackHub:
    """Start a hub with what is in `folder`."""
    hub = LoopbackHub(latency=latency, port=port)
    for place in sorted((folder / "huggingface").glob("*/*")):
        name = place.relative_to(folder / "huggingface").as_posix()
        hub.add(Repository(name, contents(place)))
    for place in sorted((folder / "kaggle").glob("*/*/*/*/*")):
        handle = place.relative_to(folder / "kaggle").as_posix()
        hub.kaggle.add(handle, contents(place))
    return hub


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0, help="milliseconds before each answer")
    parser.add_argument("--port", type=int, default=0, help="of the hub; the storage has the next")
    given = parser.parse_args()
    with serve(given.folder, given.latency / 1000, given.port) as hub:
        sys.stdout.write(json.dumps({"hub": hub.url, "storage": hub.storage_url}) + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
