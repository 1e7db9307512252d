"""From models that were seen to scans: one for each version of a model and of the rules."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.monitors.models import Sighting
from weighbridge.platform.scans import services
from weighbridge.platform.scans.models import Scan, TargetKind
from weighbridge.rules.registry import RULES_VERSION
from weighbridge.sources.model_lists import ListedModel

MONITOR = "monitor"


@transaction.atomic
def see(provider: str, models: Sequence[ListedModel], priority: int) -> int:
    """Make scans of versions that nobody saw before, however many see them at the same time.

    Args:
        provider: where they are.
        models: pinned to their revisions.
        priority: of the scans.

    Returns:
        How many scans were made.
    """
    by_key = {_key(provider, model): model for model in models}
    # In one order, so that two who see the same wait for each other and never in a circle.
    Sighting.objects.bulk_create(
        [
            Sighting(
                key=key,
                provider=provider,
                name=by_key[key].name,
                revision=by_key[key].revision,
                rules=RULES_VERSION,
            )
            for key in sorted(by_key)
        ],
        ignore_conflicts=True,
    )
    rows = Sighting.objects.filter(key__in=by_key, scan=None).select_for_update()
    fresh = {row.key: row for row in rows.order_by("key")}
    for key, model in by_key.items():  # As the hub listed them: the most popular first.
        if key in fresh:
            scan = Scan(kind=TargetKind.HUB, target=model.address, priority=priority)
            fresh[key].scan = services.enqueue(MONITOR, scan)
    Sighting.objects.bulk_update(fresh.values(), ["scan"])
    return len(fresh)


def _key(provider: str, model: ListedModel) -> str:
    return sha256(canonical([provider, model.name, model.revision, RULES_VERSION]))
