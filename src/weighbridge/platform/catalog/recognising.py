"""Models of hubs, recognised in files that came from elsewhere by the hashes of their weights.

What a provider declares is enough to say whose weights they look like: it decides no verdict.
"""

from __future__ import annotations

from django.db.models import Count, QuerySet

from weighbridge.platform.catalog.models import ModelFile, ModelVersion, Provider

_MOST_FILES = 50
_SHOWN = 5
_WEIGHTS = ("weights", "alternative-weights")


def recognised(version: ModelVersion, visible: QuerySet[ModelVersion]) -> list[ModelVersion]:
    """Return the versions at hubs that hold all the weights of a folder or upload, newest first.

    Args:
        version: of something that came from no hub; others are what they are called.
        visible: the versions that may be told of.
    """
    if version.model.provider != Provider.LOCAL:
        return []
    files = version.files.filter(role__in=_WEIGHTS, artifact__sha256__isnull=False)
    largest = files.order_by("-artifact__size", "pk")[:_MOST_FILES]
    digests = set(largest.values_list("artifact__sha256", flat=True))
    if not digests:
        return []
    holding = ModelFile.objects.filter(artifact__sha256__in=digests, version__in=visible)
    counted = (
        holding.exclude(version__model__provider=Provider.LOCAL)
        .values("version")
        .annotate(held=Count("artifact__sha256", distinct=True))
        .filter(held=len(digests))
        .order_by("-version")
    )
    numbers = [row["version"] for row in counted[:_SHOWN]]
    return list(visible.filter(pk__in=numbers).select_related("model").order_by("-pk"))
