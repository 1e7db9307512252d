"""Builds the zip that Stable-Baselines3 saves a model in (common/save_util.py)."""

from __future__ import annotations

import base64
import json
from typing import Any

from evals.archives import zipped


def serialized(pickle: bytes, kind: str = "<class 'dict'>") -> dict[str, str]:
    """A value that JSON cannot hold."""
    return {":type:": kind, ":serialized:": base64.b64encode(pickle).decode()}


def saved(
    values: dict[str, Any], padding: int = 0, others: dict[str, bytes] | None = None
) -> bytes:
    """A model with these values beside the ordinary ones, and other members such as weights."""
    data = {"verbose": 1, "num_timesteps": 1_000, "note": " " * padding, **values}
    return zipped(
        {
            "data": json.dumps(data, indent=4).encode(),
            **(others or {}),
            "_stable_baselines3_version": b"2.7.0",
            "system_info.txt": b"- OS: Linux\n- Python: 3.11.7\n",
        }
    )
