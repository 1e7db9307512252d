"""Settings of an agent of Stable-Baselines3: the member ``data`` of its zip, JSON with pickles.

What JSON cannot hold stands as ``{":type:": ..., ":serialized:": base64 of a pickle}``, and loading
the agent unpickles each (stable_baselines3/common/save_util.py, ``json_to_data``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from weighbridge.errors import ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import raw
from weighbridge.sources.memory import BytesSource
from weighbridge.text.escaping import visible

NAME = "stable-baselines3"
MEMBER = "data"
LOADERS = ("stable_baselines3.PPO.load", "sb3_contrib.TQC.load", "huggingface_sb3.load_from_hub")
_PICKLE = ":serialized:"
_MOST = 500


def is_settings(value: object) -> bool:
    """Tell the settings of an agent from other JSON: one of them at least is a pickle."""
    return next(_pickles(value), None) is not None


def read_settings(context: Context, value: object, place: Place) -> None:
    """Follow the pickles of an agent's settings."""
    for number, (key, text) in enumerate(_pickles(value)):
        inner = place.inside(visible(key, 100), LOADERS, "literal")
        if number >= _MOST:
            context.gap(place, NAME, "limit-pickles", f"more than {_MOST} settings are pickles")
            return
        try:
            # As the loader does it: what is no base64 is passed over.
            data = base64.b64decode(text.encode("utf-8", "surrogatepass"))
            context.budget.take_payload(len(data))
            raw.parse(context.child(), BytesSource(data), inner)
        except binascii.Error:
            continue  # The loader fails here as well, before anything is unpickled.
        except ParseError as error:
            context.gap_from(inner, NAME, error)


def _pickles(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            text = item.get(_PICKLE) if isinstance(item, dict) else None
            if isinstance(text, str):
                yield str(key), text
