"""Who saved a checkpoint, where the dict that is the whole pickle says so."""

from __future__ import annotations

from collections.abc import Mapping

from weighbridge.formats.context import Context, Place

_LIGHTNING = "pytorch-lightning_version"
# What Ultralytics writes beside its version (`BaseTrainer.save_model`).
_ULTRALYTICS = frozenset({"version", "date", "train_args"})


def state_writer(context: Context, texts: Mapping[str, str], place: Place) -> None:
    """Keep the version of the library that wrote a checkpoint.

    Args:
        context: takes the facts.
        texts: what stands under the keys of the dict, empty for what is no short text.
        place: of the stream.
    """
    if texts.get(_LIGHTNING):
        context.metadata(place, "pickle", _LIGHTNING, texts[_LIGHTNING])
    if texts.keys() >= _ULTRALYTICS and texts["version"]:
        context.metadata(place, "pickle", "ultralytics version", texts["version"])
