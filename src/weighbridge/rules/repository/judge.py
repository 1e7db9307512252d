"""Applies the rules about repositories to all files of a target."""

from __future__ import annotations

from dataclasses import dataclass, replace

from weighbridge.facts.structure import Note
from weighbridge.findings.identity import with_identity
from weighbridge.findings.model import Finding
from weighbridge.rules import scripts
from weighbridge.rules.repository.declared import licences
from weighbridge.rules.repository.model import Repository
from weighbridge.rules.repository.needs import needed
from weighbridge.rules.repository.reached import reached
from weighbridge.rules.repository.roles import roles
from weighbridge.rules.repository.strict import strict

_ABOUT_SCRIPTS = frozenset(rule.id for rule in scripts.RULES)


@dataclass(frozen=True, slots=True)
class Together:
    """What only all files together show, each by the path of the file that it is about."""

    findings: dict[str, list[Finding]]
    roles: dict[str, str]
    notes: dict[str, Note]
    loaders: dict[str, str]


def judge_repository(repository: Repository) -> Together:
    """Judge a target as a whole."""
    code = reached(repository)
    found: dict[str, list[Finding]] = {}
    for path, finding in (*strict(repository, code), *needed(repository, code)):
        found.setdefault(path, []).append(with_identity(finding, path))
    loaders = {path: one.loader for path, one in code.items()}
    return Together(found, dict(roles(repository, code)), licences(repository), loaders)


def with_loader(finding: Finding, loader: str | None) -> Finding:
    """Return a finding about a script with the loader that runs it."""
    if loader is None or finding.member is not None or finding.rule not in _ABOUT_SCRIPTS:
        return finding
    return replace(finding, loaders=(loader,))
