"""Judging a model version as a whole: what only all its files together show.

The rules are those of the command line (`weighbridge.rules.repository`); they read the facts that
are stored for each artifact, so nothing is opened or fetched.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from weighbridge.defender.declared import with_declared
from weighbridge.defender.examination import FileResult
from weighbridge.defender.roles import role_of
from weighbridge.facts import FACTS_VERSION
from weighbridge.facts.codec import Fact
from weighbridge.findings.changes import LoadedCode, with_changes
from weighbridge.findings.model import Coverage, CoverageNote, FileReport, Finding, Kind, Verdict
from weighbridge.findings.verdict import of_file, strongest
from weighbridge.platform.cases.models import Occurrence
from weighbridge.platform.cases.opening import Opened, Origin, Subject, open_cases
from weighbridge.platform.cases.ruling import effective, ruled
from weighbridge.platform.catalog.models import ModelFile, ModelVersion, Provider
from weighbridge.platform.scans.assessment import BY_PEOPLE
from weighbridge.platform.scans.judging import flags, stored, unpacked
from weighbridge.platform.scans.models import (
    ArtifactFacts,
    ArtifactReport,
    VersionBehaviour,
    VersionReport,
)
from weighbridge.platform.scans.reading import read_as
from weighbridge.rules.registry import RULES_VERSION
from weighbridge.rules.repository.judge import Together, judge_repository
from weighbridge.rules.repository.model import KEPT, Repository, RepositoryFile, kept

_CHUNK = 200
_MOST_CODE = 10_000
_OPAQUE = "tensor-data"
_KINDS = tuple(f" {kind.__name__} " for kind in KEPT)


@dataclass(frozen=True, slots=True)
class Whole:
    """A version judged as a whole.

    Attributes:
        verdicts: of every file beside the others, by path.
        opened: cases and events, for the end of the caller's transaction.
        changed: the report says something else than before.
    """

    report: VersionReport
    verdicts: dict[str, Verdict]
    opened: Opened
    changed: bool


def judge_version(version: ModelVersion, name: str | None = None, lone: bool = False) -> Whole:
    """Judge a version by the rules of today, store what they say, and bring cases in line.

    Part of the caller's transaction, which holds the ruling, refreshes the version's status and
    records the events.

    Args:
        version: whose files are stored.
        name: the last part of the target's name; None for what was known before.
        lone: the target is a single file.
    """
    before = VersionReport.objects.filter(version=version).first()
    if name is None:
        name, lone = _named(version, before)
    files = _files(version)
    results = _results(files)
    opaque = {one.file.path: one.file for one in results if one.file.format == _OPAQUE}
    shown = [RepositoryFile(one.file.path, one.file.format, one.facts) for one in results]
    together = judge_repository(Repository(shown, name, lone))
    findings = _with_changes(
        [found for path in together.findings for found in together.findings[path]],
        version,
        {file.path: file.artifact.key for file in files if together.roles.get(file.path) == "code"},
    )
    report = _keep(version, findings, _others(together, opaque), (name, lone))
    for file in files:
        _mark(file, together.roles.get(file.path), file.path in opaque)
    verdicts = {
        one.file.path: strongest(
            (
                one.file.verdict,
                of_file(together.findings.get(one.file.path, ()), complete=True),
            )
        )
        for one in results
    }
    opened = _settle(version, files, report)
    changed = before is None or (before.findings, before.files) != (report.findings, report.files)
    return Whole(report, verdicts, opened, changed)


def reassess_versions(behaviours: Iterable[str]) -> list[int]:
    """Apply people's decisions to the reports of versions; returns the versions concerned."""
    rows = VersionBehaviour.objects.filter(behaviour__in=sorted(set(behaviours)))
    concerned = []
    for report in VersionReport.objects.filter(behaviours__in=rows).distinct().defer("findings"):
        pairs = list(report.behaviours.values_list("behaviour", "kind"))
        answer = effective(pairs, True, ruled(behaviour for behaviour, _ in pairs))
        report.effective, report.decided_by = answer.verdict.value, answer.decided_by
        report.save(update_fields=["effective", "decided_by"])
        concerned.append(report.version_id)
    return concerned


def _named(version: ModelVersion, before: VersionReport | None) -> tuple[str, bool]:
    if before is not None:
        return before.name, before.lone
    name = version.model.name.rpartition("/")[2]
    local = version.model.provider == Provider.LOCAL
    return name, local and [file.path for file in version.files.all()[:2]] == [name]


def _files(version: ModelVersion) -> list[ModelFile]:
    """Return the files in the order in which the command line lists them."""
    files = version.files.select_related("artifact")
    if version.model.provider == Provider.LOCAL:
        return sorted(files, key=lambda file: _walked(file.path))
    return sorted(files, key=lambda file: file.path)


def _walked(path: str) -> list[tuple[bool, bytes]]:
    """Return a key by which files of a folder stand before its folders."""
    *folders, name = os.fsencode(path).split(b"/")
    return [*((True, folder) for folder in folders), (False, name)]


def _results(files: Sequence[ModelFile]) -> list[FileResult]:
    facts = _facts(files)
    reports = {
        report.artifact_id: report
        for report in ArtifactReport.objects.filter(
            current=True, artifact__in={file.artifact_id for file in files}
        ).defer("findings")
    }
    results = []
    for file in files:
        report = reports.get(file.artifact_id)
        coverage = report.coverage if report else {}
        notes = tuple(
            CoverageNote(note["code"], note["text"], note["offset"], note["member"])
            for note in coverage.get("notes", ())
        )
        shown = FileReport(
            path=file.path,
            size=file.artifact.size,
            sha256=file.artifact.sha256,
            sha256_source=file.artifact.sha256_source,
            format=file.artifact.format or None,
            role=role_of(file.path),
            verdict=Verdict(report.verdict if report else "inconclusive"),
            coverage=Coverage(bool(coverage.get("complete")), 0, notes),
        )
        results.append(FileResult(shown, (), facts.get(file.path, ())))
    return with_declared(results)


def _facts(files: Sequence[ModelFile]) -> dict[str, tuple[Fact, ...]]:
    """Return by path what was read that tells something about other files."""
    artifacts = sorted({file.artifact_id for file in files})
    readings: dict[tuple[int, str], tuple[int, str]] = {}
    for start in range(0, len(artifacts), _CHUNK):
        rows = ArtifactFacts.objects.filter(
            artifact__in=artifacts[start : start + _CHUNK], facts_version=FACTS_VERSION
        ).order_by("pk")
        for number, artifact, name, kinds in rows.values_list("pk", "artifact_id", "name", "kinds"):
            readings[artifact, name] = (number, kinds)
    wanted: dict[int, list[str]] = {}
    for file in files:
        number, kinds = readings.get((file.artifact_id, read_as(file.path)), (0, ""))
        if any(kind in kinds for kind in _KINDS):
            wanted.setdefault(number, []).append(file.path)
    found: dict[str, tuple[Fact, ...]] = {}
    numbers = sorted(wanted)
    for start in range(0, len(numbers), _CHUNK):
        blobs = ArtifactFacts.objects.filter(pk__in=numbers[start : start + _CHUNK])
        for number, blob in blobs.values_list("pk", "blob"):
            facts = kept(unpacked(blob))
            found |= dict.fromkeys(wanted[number], facts)
    return found


def _with_changes(
    findings: Sequence[Finding], version: ModelVersion, code: dict[str, str]
) -> Sequence[Finding]:
    """Return findings with what changed since the version that was scanned before this one."""
    judged = VersionReport.objects.filter(
        version__model=version.model_id, version__lt=version.pk
    ).order_by("-version")
    earlier = judged.select_related("version").first()
    if earlier is None:
        return findings
    files = earlier.version.files.filter(role="code").select_related("artifact")
    was = {file.path: _content(file) for file in files[:_MOST_CODE]}
    before = LoadedCode(earlier.version.revision, was)
    return with_changes(findings, LoadedCode(version.revision, code), before)


def _content(file: ModelFile) -> str:
    return file.artifact.sha256 or file.artifact.key


def _others(together: Together, opaque: dict[str, FileReport]) -> dict[str, Any]:
    """Return what else the neighbours show of each file, as plain data."""
    shown: dict[str, dict[str, Any]] = {}
    for path, role in together.roles.items():
        shown.setdefault(path, {})["role"] = role
    for path, loader in together.loaders.items():
        shown.setdefault(path, {})["loader"] = loader
    for path, note in together.notes.items():
        shown.setdefault(path, {})["note"] = {"code": note.code, "text": note.text}
    for path, file in opaque.items():
        note_of = file.notes[0]
        shown[path] = {"role": file.role, "note": {"code": note_of.code, "text": note_of.text}}
    return shown


def _keep(
    version: ModelVersion,
    findings: Sequence[Finding],
    files: dict[str, Any],
    named: tuple[str, bool],
) -> VersionReport:
    kinds = [kind.value for kind in Kind]
    said: dict[str, str] = {}
    for finding in findings:
        old = said.get(finding.behaviour, kinds[-1])
        said[finding.behaviour] = min(finding.kind.value, old, key=kinds.index)
    pairs = sorted(said.items())
    answer = effective(pairs, True, ruled(said))
    report, _ = VersionReport.objects.update_or_create(
        version=version,
        defaults={
            "name": named[0],
            "lone": named[1],
            "rules": RULES_VERSION,
            "verdict": of_file(findings, complete=True).value,
            "effective": answer.verdict.value,
            "decided_by": answer.decided_by,
            "findings": [stored(finding) | {"path": finding.path} for finding in findings],
            "files": files,
            "judged_at": timezone.now(),
        },
    )
    VersionBehaviour.objects.filter(report=report).delete()
    VersionBehaviour.objects.bulk_create(
        VersionBehaviour(report=report, behaviour=behaviour, kind=kind) for behaviour, kind in pairs
    )
    return report


def _mark(file: ModelFile, role: str | None, opaque: bool) -> None:
    told = "weights" if opaque else role or role_of(file.path)
    if (file.role, file.opaque) != (told, opaque):
        file.role, file.opaque = told, opaque
        file.save(update_fields=["role", "opaque"])


def _settle(version: ModelVersion, files: Sequence[ModelFile], report: VersionReport) -> Opened:
    """Bring the version's own cases in line with what its files together show."""
    origin = Origin("defender", report.rules)
    artifacts = {file.path: file.artifact for file in files}
    opened = Opened()
    for path in sorted({one["path"] for one in report.findings}):
        some = [one for one in report.findings if one["path"] == path]
        found = open_cases(Subject(artifacts[path], version), flags(some, path), origin)
        opened.cases += found.cases
        opened.acts += found.acts
        opened.fresh += found.fresh
    said = {one["behaviour"] for one in report.findings}
    gone = Occurrence.objects.filter(version=version, live=True).exclude(behaviour__in=said)
    gone.exclude(rule__in=BY_PEOPLE).update(live=False)
    return opened
