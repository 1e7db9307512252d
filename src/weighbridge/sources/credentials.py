"""The credentials that the hubs' own clients would use, found where those keep them.

Hugging Face: HF_TOKEN, else the file that ``hf auth login`` wrote. Kaggle: KAGGLE_API_TOKEN (the
token or a file that holds it), else ``access_token`` in Kaggle's folder, else KAGGLE_USERNAME with
KAGGLE_KEY, else ``kaggle.json``.
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_FILE_BYTES = 1 << 16


def hugging_face(environment: Mapping[str, str]) -> str | None:
    """Return the token for Hugging Face, None when nobody is logged in."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := _clean(environment.get(name, "")):
            return token
    if environment.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in ("1", "ON", "YES", "TRUE"):
        return None
    home = environment.get("HF_HOME") or str(_cache(environment) / "huggingface")
    place = environment.get("HF_TOKEN_PATH") or os.path.join(home, "token")
    return _clean(_content(Path(place).expanduser()))


def kaggle(environment: Mapping[str, str]) -> str | None:
    """Return the header that logs in at Kaggle, None when nobody is logged in."""
    folder = Path(environment.get("KAGGLE_CONFIG_DIR") or "~/.kaggle").expanduser()
    given = environment.get("KAGGLE_API_TOKEN", "")
    token = _clean(_content(Path(given)) or given) if given else None
    token = token or _clean(
        _content(folder / "access_token") or _content(folder / "access_token.txt")
    )
    if token:
        return f"Bearer {token}"
    user, key = environment.get("KAGGLE_USERNAME", ""), environment.get("KAGGLE_KEY", "")
    if not (user and key):
        with suppress(ValueError, AttributeError, RecursionError):
            stored = json.loads(_content(folder / "kaggle.json") or "{}")
            user, key = str(stored.get("username", "")), str(stored.get("key", ""))
    if not (user and key):
        return None
    return f"Basic {b64encode(f'{user}:{key}'.encode()).decode('ascii')}"


def _cache(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def _content(path: Path) -> str:
    """Return what a small text file holds, nothing when there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_FILE_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _clean(token: str) -> str | None:
    """Return a token that can stand in a header."""
    token = token.strip()
    return token if token.isascii() and token.isprintable() and token else None
