"""Which files of which models a case is about."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from weighbridge.platform.cases.models import Occurrence
from weighbridge.platform.catalog.models import ModelFile


def files_of(case: int) -> QuerySet[ModelFile]:
    """Return the files that hold what a case is about.

    An artifact counts wherever it is held; what only a version's files together show counts there
    alone.
    """
    rows = Occurrence.objects.filter(case=case)
    anywhere = rows.filter(version=None).values("artifact_id")
    here = rows.exclude(version=None)
    return ModelFile.objects.filter(
        Q(artifact_id__in=anywhere)
        | Q(version_id__in=here.values("version_id"), artifact_id__in=here.values("artifact_id"))
    )
