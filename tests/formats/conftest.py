"""Makes the helpers of this folder importable, however pytest is started."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from weighbridge.text import secrets

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@pytest.fixture(scope="session", autouse=True)
def _masking_without_plugins() -> Iterator[None]:
    """Where the detectors are not installed, only the built-in token form is masked."""
    if importlib.util.find_spec("detect_secrets") is not None:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "_detectors", lambda: ())
        yield
