"""Judges a target as a whole, from the results of its files, whatever they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from weighbridge.defender.examination import FileResult
from weighbridge.findings.model import Finding
from weighbridge.findings.verdict import of_file


def judged_together(results: Sequence[FileResult], name: str, lone: bool) -> list[FileResult]:
    """Return the results with what only all files together show.

    Args:
        results: of every file of one target.
        name: of the target, without folders.
        lone: the target is a single file and not a folder.
    """
    from weighbridge.rules.repository.judge import judge_repository
    from weighbridge.rules.repository.model import Repository, RepositoryFile

    files = [RepositoryFile(one.file.path, one.file.format, one.facts) for one in results]
    found = judge_repository(Repository(files, name, lone))
    return [_with(one, tuple(found.get(one.file.path, ()))) for one in results]


def _with(result: FileResult, found: tuple[Finding, ...]) -> FileResult:
    if not found:
        return result
    findings = (*found, *result.findings)
    verdict = of_file(findings, complete=result.file.coverage.complete)
    return replace(result, findings=findings, file=replace(result.file, verdict=verdict))
