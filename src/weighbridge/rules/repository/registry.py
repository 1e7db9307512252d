"""The rules about repositories; :mod:`.judge` applies them to all files of a target at once."""

from __future__ import annotations

from weighbridge.rules.model import Rule
from weighbridge.rules.repository import needs, strict

RULES: tuple[Rule, ...] = (
    strict.LOADED_CODE,
    needs.REMOTE_CODE,
    needs.OTHER_REPOSITORY,
    needs.START_UP,
)
