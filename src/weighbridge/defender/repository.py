"""Judges a target as a whole, from the results of its files, whatever they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from weighbridge.defender.examination import FileResult
from weighbridge.findings.model import CoverageNote
from weighbridge.findings.verdict import of_file

if TYPE_CHECKING:
    from weighbridge.rules.repository.judge import Together


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
    together = judge_repository(Repository(files, name, lone))
    return [_with(one, together) for one in results]


def _with(result: FileResult, together: Together) -> FileResult:
    from weighbridge.rules.repository.judge import with_loader

    file, path = result.file, result.file.path
    known = tuple(with_loader(one, together.loaders.get(path)) for one in result.findings)
    findings = (*together.findings.get(path, ()), *known)
    note = together.notes.get(path)
    notes = () if note is None else (CoverageNote(note.code, note.text, note.offset, note.member),)
    file = replace(
        file,
        role=together.roles.get(path, file.role),
        verdict=of_file(findings, complete=file.coverage.complete),
        notes=(*file.notes, *notes),
    )
    return replace(result, findings=findings, file=file)
