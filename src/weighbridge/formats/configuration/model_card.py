"""Model cards: the YAML between two lines of dashes at the top of a README (Hugging Face)."""

from __future__ import annotations

import re

from weighbridge.formats.configuration.yaml_file import outlined
from weighbridge.formats.context import Context, Place

_FRONT = re.compile(r"---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.S)
_LIMIT = 64 << 10
_KEYS = (
    "license",
    "base_model",
    "datasets",
    "library_name",
    "license_name",
    "pipeline_tag",
)
_MOST = 20


def read_card(context: Context, text: str, place: Place) -> None:
    """Add what a model card declares: licence, base models, data sets, library."""
    front = _FRONT.match(text[:_LIMIT])
    if front is None:
        return
    declared = outlined(front[1])
    if not isinstance(declared, dict):
        return
    for key in _KEYS:
        value = declared.get(key)
        for item in (value if isinstance(value, list) else [value])[:_MOST]:
            if isinstance(item, str):
                context.metadata(place, "model-card", key, item[:300])
