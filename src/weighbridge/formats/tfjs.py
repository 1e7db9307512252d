"""Models of TensorFlow.js (tensorflow/tfjs, io/types.ts, ModelJSON).

``modelTopology`` is the network, ``weightsManifest`` names the files that hold the weights, one
behind the other without any structure, beside the model.
"""

from __future__ import annotations

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt

NAME = "tensorflow-js"
_MOST = 10_000


def is_model(value: object) -> bool:
    """Say whether plain values are a model."""
    if not isinstance(value, dict) or not isinstance(value.get("weightsManifest"), list):
        return False
    groups = value["weightsManifest"]
    return "modelTopology" in value and all(
        isinstance(group, dict) and isinstance(group.get("paths"), list) for group in groups
    )


def read_model(context: Context, value: object, place: Place) -> None:
    """State which files hold the weights."""
    groups = value["weightsManifest"] if isinstance(value, dict) else []
    paths = [path for group in groups for path in group["paths"] if isinstance(path, str)]
    for path in list(dict.fromkeys(paths))[:_MOST]:
        shown = excerpt(path, 300)
        context.add(ExternalData(place.member, 0, NAME, "weights", shown, 1, 0, 0, ()))
