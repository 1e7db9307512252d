"""Applies the rules about repositories to all files of a target."""

from __future__ import annotations

from weighbridge.findings.identity import with_identity
from weighbridge.findings.model import Finding
from weighbridge.rules.repository.model import Repository
from weighbridge.rules.repository.needs import needed
from weighbridge.rules.repository.reached import reached
from weighbridge.rules.repository.strict import strict


def judge_repository(repository: Repository) -> dict[str, list[Finding]]:
    """Return the findings about a target as a whole, by the path of the file they point at."""
    code = reached(repository)
    found: dict[str, list[Finding]] = {}
    for path, finding in (*strict(repository, code), *needed(repository, code)):
        found.setdefault(path, []).append(with_identity(finding, path))
    return found
