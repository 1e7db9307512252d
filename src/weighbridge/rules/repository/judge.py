"""Applies the rules about repositories to all files of a target."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.facts.structure import Note
from weighbridge.findings.identity import with_identity
from weighbridge.findings.model import Finding
from weighbridge.rules.repository.declared import licences
from weighbridge.rules.repository.model import Repository
from weighbridge.rules.repository.needs import needed
from weighbridge.rules.repository.reached import reached
from weighbridge.rules.repository.roles import roles
from weighbridge.rules.repository.strict import strict


@dataclass(frozen=True, slots=True)
class Together:
    """What only all files together show, each by the path of the file that it is about."""

    findings: dict[str, list[Finding]]
    roles: dict[str, str]
    notes: dict[str, Note]


def judge_repository(repository: Repository) -> Together:
    """Judge a target as a whole."""
    code = reached(repository)
    found: dict[str, list[Finding]] = {}
    for path, finding in (*strict(repository, code), *needed(repository, code)):
        found.setdefault(path, []).append(with_identity(finding, path))
    return Together(found, dict(roles(repository, code)), licences(repository))
