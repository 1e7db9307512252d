"""Takes a file of bare numbers for what the model beside it declares it to be.

Weights that ONNX, TensorFlow or OpenVINO keep in a file of their own have no structure that can be
recognised. The model's structure says that they are tensor data: which file, and how far into it.
That is what makes them opaque rather than unknown. A file that was recognised as anything is judged
as that, whatever a model says of it. In an archive, members stand beside each other the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from posixpath import dirname, join, normpath

from weighbridge.defender.examination import FileResult
from weighbridge.facts.graphs import ExternalData
from weighbridge.findings.model import Coverage, CoverageNote
from weighbridge.findings.verdict import of_file

UNKNOWN = "unsupported-unknown-format"


def with_declared(results: Sequence[FileResult]) -> list[FileResult]:
    """Return the results; files that another declares to be its tensor data are examined then."""
    declared: dict[str, tuple[str, int]] = {}
    for result in results:
        folder = dirname(result.file.path)
        for fact in result.facts:
            if isinstance(fact, ExternalData) and fact.member is None and fact.location:
                place = normpath(join(folder, fact.location))
                end = max(fact.furthest, declared.get(place, ("", 0))[1])
                declared[place] = (result.file.path, end)
    return [_with_members(_declared(result, declared.get(result.file.path))) for result in results]


def _declared(result: FileResult, by: tuple[str, int] | None) -> FileResult:
    file = result.file
    notes = file.coverage.notes
    unknown = file.format is None and all(note.code == UNKNOWN for note in notes)
    if by is None or not notes or not unknown or by[1] > file.size:
        return result
    note = CoverageNote("declared-data", f"{by[0]} declares it to be its tensor data", None)
    file = replace(
        file,
        format="tensor-data",
        role="weights",
        verdict=of_file(result.findings, complete=True),
        coverage=Coverage(True, file.coverage.bytes_read),
        notes=(note, *file.notes),
    )
    return replace(result, file=file)


def _with_members(result: FileResult) -> FileResult:
    """Return the result of an archive without the gaps that other members explain."""
    declared = {
        _beside(fact.member, fact.location)
        for fact in result.facts
        if isinstance(fact, ExternalData) and fact.member and fact.location
    }
    coverage = result.file.coverage
    kept = []
    notes = []
    for note in coverage.notes:
        if note.code == UNKNOWN and note.member and _beside(note.member) in declared:
            text = "another member declares it to be its tensor data"
            notes.append(CoverageNote("declared-data", text, None, note.member))
        else:
            kept.append(note)
    if not notes:
        return result
    file = replace(
        result.file,
        verdict=of_file(result.findings, complete=not kept),
        coverage=Coverage(not kept, coverage.bytes_read, tuple(kept)),
        notes=(*notes, *result.file.notes),
    )
    return replace(result, file=file)


def _beside(member: str, location: str = "") -> str:
    """Return where a member, or a file that it names, stands in its archive."""
    archive, mark, path = member.rpartition("!")
    return archive + mark + normpath(join(dirname(path), location) if location else path)
