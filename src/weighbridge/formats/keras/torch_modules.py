"""TorchModuleWrapper: a module of PyTorch, saved whole, as base64 in the configuration.

Its `from_config` gives the bytes to `torch.load(weights_only=False)`
(keras/src/utils/torch_utils.py), so they are examined like any checkpoint.
"""

from __future__ import annotations

import binascii

from weighbridge.errors import ParseError
from weighbridge.facts.structure import UNKNOWN
from weighbridge.formats.context import Context, Place
from weighbridge.sources.memory import BytesSource

NAME = "keras"
LOADERS = (
    "keras.models.load_model(safe_mode=False)",
    "keras.models.load_model with keras < 3.11.3",
)


def examine(context: Context, place: Place, module: object) -> None:
    """Examine what the layer would hand to torch.load."""
    if not isinstance(module, str):
        return
    inner = place.inside("TorchModuleWrapper.module", LOADERS, "literal")
    try:
        data = binascii.a2b_base64(module.encode("ascii"))
        context.budget.take_payload(len(data))
        child = context.child()
        if child.walk(child, BytesSource(data), inner) is None:
            text = "the module in a TorchModuleWrapper is no format that is known"
            context.gap(inner, NAME, UNKNOWN, text)
    except (UnicodeEncodeError, binascii.Error):
        text = "the module in a TorchModuleWrapper is no base64"
        context.gap(inner, NAME, "malformed-base64", text)
    except ParseError as error:
        context.gap_from(inner, NAME, error)
