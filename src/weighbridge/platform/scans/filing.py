"""Storing what was read of a target's files: each with its verdict and its cases.

Everything is found by its key, so filing the same twice gives the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from weighbridge.defender.roles import role_of
from weighbridge.platform.audit.canonical import storable
from weighbridge.platform.audit.services import record_all
from weighbridge.platform.cases.opening import FLAGGED, Origin
from weighbridge.platform.cases.ruling import hold_shared
from weighbridge.platform.cases.vouched import in_force, version_of
from weighbridge.platform.catalog import services as catalog
from weighbridge.platform.catalog.models import (
    PATH_LENGTH,
    Artifact,
    ModelFile,
    ModelVersion,
    Status,
)
from weighbridge.platform.scans import assessment
from weighbridge.platform.scans.judging import format_of, judged, unpacked
from weighbridge.platform.scans.kept import Kept, place_of
from weighbridge.platform.scans.models import ArtifactReport, Scan
from weighbridge.platform.scans.reading import Examined, Subject, read_as
from weighbridge.platform.scans.targets import Target
from weighbridge.rules.registry import RULES_VERSION

DEFENDER = "defender"
_FLAGGED = (Status.SUSPECTED, Status.VALIDATED)


class Filing:
    """Files one target's files under one version of a model."""

    def __init__(
        self,
        scan: Scan,
        target: Target,
        version: ModelVersion,
        kept: Kept,
        reading: assessment.Reading,
    ) -> None:
        self._reason = f"scan {scan.pk}"
        self._target = target
        self._version = version
        self._kept = kept
        self._reading = reading

    def store(self, file: Subject, answer: Examined | None) -> None:
        """Store one file, in the caller's transaction.

        Args:
            file: where it stands, and what is known of its content.
            answer: what was read; None where its content was read before.
        """
        ruling = hold_shared()
        artifact = self._artifact(file, answer)
        row = catalog.record_file(self._version, file.path, artifact, role_of(file.path))
        catalog.record_provider_verdicts(row, file.said)
        report, fresh = self._report(artifact, read_as(file.path), answer, ruling.vouched)
        origin = Origin(DEFENDER, f"{report.rules}{'.v' if report.vouched else ''}{report.vouched}")
        found = assessment.settle(report, file.path, origin)
        self._refresh(report, fresh)
        record_all(DEFENDER, found.acts)

    def filed(self, files: Sequence[Subject]) -> dict[str, ModelFile]:
        """Return by path the files that stand here judged by the rules of today.

        Part of the caller's transaction. A helper has stored them since the scan began.
        """
        ruling = hold_shared()
        rows = ModelFile.objects.filter(
            version=self._version,
            path__in=[storable(file.path, PATH_LENGTH) for file in files],
            artifact__reports__current=True,
            artifact__reports__rules=RULES_VERSION,
            artifact__reports__vouched=ruling.vouched,
        ).annotate(read_as=F("artifact__reports__facts__name"))
        names = {storable(file.path, PATH_LENGTH): read_as(file.path) for file in files}
        return {row.path: row for row in rows if row.read_as == names[row.path]}

    def _refresh(self, report: ArtifactReport, fresh: bool) -> None:
        """Bring statuses up to date: of this version at once if it is flagged, else at the end."""
        holding = ModelFile.objects.filter(artifact_id=report.artifact_id)
        concerned = set(holding.values_list("version_id", flat=True)) if fresh else set()
        concerned.discard(self._version.pk)
        unflagged = ModelVersion.objects.filter(pk=self._version.pk).exclude(status__in=_FLAGGED)
        if report.effective in FLAGGED and unflagged.exists():
            concerned.add(self._version.pk)
        catalog.refresh(concerned, self._reason)

    def _report(
        self, artifact: Artifact, name: str, answer: Examined | None, vouched: str
    ) -> tuple[ArtifactReport, bool]:
        """Return the current report and whether it is new: judged where it was out of date."""
        if answer is None:
            facts = assessment.facts_for(artifact, self._reading, name)
            assert facts is not None
            report = ArtifactReport.objects.filter(
                facts=facts, rules=RULES_VERSION, vouched=vouched, current=True
            ).first()
            if report is not None:
                return report, False
            read = unpacked(facts.blob)
        else:
            read = answer.facts
            kept = assessment.Read(read, name, answer.bytes_read)
            facts = assessment.keep_facts(artifact, kept, self._reading)
        allowed = in_force()
        assert version_of(allowed) == vouched
        return assessment.keep_report(facts, judged(read, allowed, facts.bytes_read))

    def _artifact(self, file: Subject, answer: Examined | None) -> Artifact:
        if answer is None:
            return self._kept.artifact(file)
        place = place_of(self._target, file)
        artifact = catalog.record_artifact(
            place,
            computed=answer.sha256,
            declared=file.declared if answer.steady else None,
            format=format_of(answer.facts),
        )
        if self._target.ahead is not None and answer.steady:
            catalog.remember_content(catalog.content_key(place, file.declared), artifact)
        return artifact
