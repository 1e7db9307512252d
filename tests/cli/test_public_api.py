"""What ``import weighbridge`` offers."""

from __future__ import annotations

import pytest

import weighbridge


def test_all_is_importable() -> None:
    for name in weighbridge.__all__:
        assert getattr(weighbridge, name) is not None
    assert dir(weighbridge) == weighbridge.__all__


def test_all_is_what_is_promised() -> None:
    names = "Access FileReport Finding HubAccess ModelInfo Reach ScanReport Verdict"
    assert weighbridge.__all__ == [*names.split(), "__version__", "errors", "scan"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'load'"):
        weighbridge.load  # noqa: B018
