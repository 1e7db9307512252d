"""Models in the folders where the hubs' own clients keep what they downloaded.

Hugging Face: ``models--org--name/snapshots/<commit>`` (huggingface_hub 2.4.0, "Understand
caching"). Kaggle: ``models/owner/model/framework/variation/<version>`` and a marker beside it
(kagglehub 1.0.2, kagglehub/cache.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from weighbridge.defender.local_target import LocalTarget
from weighbridge.defender.selection import Selection
from weighbridge.errors import TargetError
from weighbridge.findings.model import ModelInfo
from weighbridge.sources import kaggle_address

_COMMIT = re.compile(r"[0-9a-f]{40}")
_KINDS = ("models", "datasets")


def hugging_face(folder: str, selection: Selection) -> Iterator[LocalTarget]:
    """Yield every revision of every model and dataset in a Hugging Face cache.

    Raises:
        TargetError: there is no such folder.
    """
    for place in _folders(Path(folder), folder):
        kind, *names = place.name.split("--")
        if kind not in _KINDS or not names or not (place / "snapshots").is_dir():
            continue
        name = "/".join(names) if kind == "models" else "/".join([kind, *names])
        for snapshot in _folders(place / "snapshots", folder):
            if _COMMIT.fullmatch(snapshot.name):
                model = ModelInfo("huggingface", name, snapshot.name)
                shown = f"hf://{name}@{snapshot.name}"
                yield LocalTarget(str(snapshot), selection, shown, model)


def kaggle(folder: str, selection: Selection) -> Iterator[LocalTarget]:
    """Yield every version of every variation in a Kaggle cache.

    Raises:
        TargetError: there is no such folder.
    """
    root = Path(folder) / "models"
    if not root.is_dir() and Path(folder).is_dir():
        return
    waiting = [(root, 0)]
    while waiting:
        place, depth = waiting.pop(0)
        if depth < 4:
            waiting += [(child, depth + 1) for child in _folders(place, folder)]
            continue
        for version in _folders(place, folder):
            if version.name.isdigit():
                name = _usual_name(place.relative_to(root).as_posix())
                model = ModelInfo("kaggle", name, version.name)
                shown = f"kaggle://{name}/{version.name}"
                whole = (place / f"{version.name}.complete").exists()
                yield LocalTarget(str(version), selection, shown, model, partial=not whole)


def _usual_name(name: str) -> str:
    """Return a variation's name with the framework spelt as Kaggle does; folders are lenient."""
    try:
        found = kaggle_address.parse(kaggle_address.SCHEME + name)
    except TargetError:
        return name
    return found.name if found else name


def _folders(place: Path, asked: str) -> list[Path]:
    """Return the folders in `place`, no links to any."""
    try:
        with os.scandir(place) as listing:
            names = [child.name for child in listing if child.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise TargetError(f"cannot look into the cache {asked}: {error.strerror}") from error
    return [place / name for name in sorted(names)]
