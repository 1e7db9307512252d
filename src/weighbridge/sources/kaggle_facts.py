"""What Kaggle tells about a model, brought into our words and within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from weighbridge.sources.hubs import count_of, mapping_of, text_of
from weighbridge.sources.kaggle_address import KaggleAddress


def about(
    model: Mapping[str, Any],
    instance: Mapping[str, Any],
    listed: Mapping[str, Any],
    target: KaggleAddress,
) -> dict[str, Any]:
    """Return the description from what Kaggle says of a model and of its variation.

    Args:
        model: the answer of GetModel; nothing where it is not told.
        instance: the answer of GetModelInstance.
        listed: the variation in the answer of ListModelInstances; nothing where it is not told.
        target: what is asked about.
    """
    terms = mapping_of(listed.get("license")) if listed else None
    return {
        "author": text_of(model.get("author")) or target.owner,
        # Kaggle leaves out what is false.
        "private": bool(model.get("isPrivate")) if model else None,
        "gated": bool(terms.get("agreementRequired")) if terms is not None else None,
        "likes": count_of(model.get("voteCount")),
        "license": text_of(instance.get("licenseName")),
        "base_models": list(_bases(instance)),
        "library": target.framework,
        "last_modified": text_of(model.get("updateTime")) or text_of(model.get("publishTime")),
    }


def _bases(instance: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """Yield what the variation is made from, as its owner claims."""
    base = mapping_of(instance.get("baseModelInstanceInformation"))
    owner = text_of(mapping_of(base.get("owner")).get("slug"))
    parts = [
        owner,
        *(text_of(base.get(name)) for name in ("modelSlug", "framework", "instanceSlug")),
    ]
    if owner is not None:
        yield {"id": "/".join(part for part in parts if part)[:300], "relation": "variant"}
    external = text_of(instance.get("externalBaseModelUrl"))
    if external is not None:
        yield {"id": external, "relation": "variant"}
