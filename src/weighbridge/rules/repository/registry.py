"""The rules about repositories; :mod:`.judge` applies them to all files of a target at once.

To one file alone they apply where it is an archive of a repository.
"""

from __future__ import annotations

from dataclasses import replace

from weighbridge.rules.model import Rule
from weighbridge.rules.repository import needs, strict
from weighbridge.rules.repository.archived import archived

RULES: tuple[Rule, ...] = (
    replace(strict.LOADED_CODE, apply=archived),
    needs.REMOTE_CODE,
    needs.OTHER_REPOSITORY,
    needs.START_UP,
)
