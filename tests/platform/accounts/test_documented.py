"""The page of the platform says what the code does: settings and roles."""

from __future__ import annotations

import re
from pathlib import Path

import weighbridge.platform
from weighbridge.platform.accounts.permissions import table

PLATFORM = Path(weighbridge.platform.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "platform.md"


def test_every_setting_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = (PLATFORM / "settings.py").read_text(encoding="utf-8")
    names = re.findall(r'_environment\.\w+\(\s*"(\w+)"', code)
    assert len(names) > 20
    missing = [name for name in names if name not in text.replace("WEIGHBRIDGE_", "")]
    assert missing == []


def test_the_matrix_of_roles_is_the_documented_one() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for action, cells in table():
        row = f"| {action} | " + " | ".join("yes" if cell else "–" for cell in cells) + " |"
        assert row in text, row
