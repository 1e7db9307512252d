"""What all tests of Keras files have in common."""

import importlib.util

import pytest

from weighbridge.text import secrets


@pytest.fixture(autouse=True)
def _masking_without_plugins(monkeypatch):
    """Where the detectors are not installed, only the built-in token form is masked."""
    if importlib.util.find_spec("detect_secrets") is None:
        monkeypatch.setattr(secrets, "_detectors", lambda: ())
