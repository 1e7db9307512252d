"""Takes a file of bare numbers for what the model beside it declares it to be.

Weights that ONNX, TensorFlow or OpenVINO keep in a file of their own have no structure that can be
recognised. The model's structure says that they are tensor data: which file, and how far into it.
That is what makes them opaque rather than unknown. A file that was recognised as anything is judged
as that, whatever a model says of it. (Members of an archive: `formats/unknown.py`.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from posixpath import dirname, join, normpath

from weighbridge.defender.examination import FileResult
from weighbridge.facts.graphs import DataFolder, ExternalData, covers, describing
from weighbridge.facts.structure import UNKNOWN
from weighbridge.findings.model import Coverage, CoverageNote, Verdict
from weighbridge.findings.verdict import of_file


def with_declared(results: Sequence[FileResult]) -> list[FileResult]:
    """Return the results; files that another declares to be its tensor data are examined then."""
    declared: dict[str, tuple[str, int]] = {}
    folders: dict[str, tuple[str, DataFolder]] = {}
    for result in results:
        folder = dirname(result.file.path)
        for fact in result.facts:
            if isinstance(fact, DataFolder) and fact.member is None:
                folders.setdefault(folder, (result.file.path, fact))
            if isinstance(fact, ExternalData) and fact.member is None and fact.location:
                place = normpath(join(folder, fact.location))
                end = max(fact.furthest, declared.get(place, ("", 0))[1])
                declared[place] = (result.file.path, end)
    described = {folder: fact for folder, (_, fact) in folders.items()}
    for result in results:
        path = result.file.path
        around = describing(described, path) if path not in declared else None
        if around is not None:
            declared[path] = (folders[around][0], 0)
    return [_declared(result, declared.get(result.file.path)) for result in results]


def _declared(result: FileResult, by: tuple[str, int] | None) -> FileResult:
    file = result.file
    notes = file.coverage.notes
    unknown = all(note.code == UNKNOWN for note in notes) and _is_open(file.format)
    if by is None or not notes or not unknown or not covers(by[1], file.size):
        return result
    note = CoverageNote("declared-data", f"{by[0]} declares it to be its tensor data", None)
    file = replace(
        file,
        format="tensor-data",
        role="weights",
        # Where findings are not at hand, what they led to stands.
        verdict=of_file(result.findings, complete=True)
        if file.verdict is Verdict.INCONCLUSIVE
        else file.verdict,
        coverage=Coverage(True, file.coverage.bytes_read),
        notes=(note, *file.notes),
    )
    return replace(result, file=file)


def _is_open(format_name: str | None) -> bool:
    """Say whether a file is nothing, or packed; what is inside was examined, and is unknown too."""
    if format_name is None:
        return True
    from weighbridge.containers.registry import STREAMS
    from weighbridge.formats.unknown import is_guessed

    # pnnx keeps the tensors of a network as members of a zip.
    return format_name == "zip" or format_name in STREAMS or is_guessed(format_name)
