"""Keras configurations as files of their own.

`keras.saving.load_model` takes a folder, or a repository of Hugging Face, with `config.json` in
place of a zip; sharded weights have a `model.weights.json` that names the shards. The bytes remain
JSON to every other reader, so these are facts beside those about the text.
"""

from __future__ import annotations

from weighbridge.errors import ParseError
from weighbridge.facts.codec import Fact
from weighbridge.facts.keras import KerasObject
from weighbridge.facts.structure import Anomaly
from weighbridge.formats.context import Context, Place
from weighbridge.formats.keras.archive import shard_names
from weighbridge.formats.keras.config import PACKAGES, read_config
from weighbridge.formats.keras.json_text import LARGEST, load
from weighbridge.sources.base import Source

NAME = "keras-config"
_SHARDS = b'"weight_map"'
# Of JSON that hides its keys, only what is as small as a configuration is read.
_ESCAPED = 1 << 20
_MODELS = frozenset({"Sequential", "Functional", "Model"})


def claims(source: Source, head: bytes) -> bool:
    """Say whether the bytes could be JSON of a size that is read."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start == b"{" and source.size <= LARGEST


def parse(context: Context, source: Source, place: Place) -> bool:
    """Add what a configuration names; False, because the text is still to be examined."""
    if place.member is not None and place.member.rpartition("!")[2] == "config.json":
        return False  # read with its archive
    data = source.read_at(0, LARGEST)
    before = len(context.facts)
    try:
        if _SHARDS in data:
            shard_names(context, place, load(data))
        elif b'"class_name"' in data or (b"\\u" in data and len(data) < _ESCAPED):
            read_config(context, place, data, "config.json")
    except ParseError:
        pass
    if not any(map(_of_keras, context.facts[before:])):
        del context.facts[before:]
    return False


def _of_keras(fact: Fact) -> bool:
    """Other programs use the same keys; only what names Keras is given to Keras."""
    if not isinstance(fact, KerasObject):
        return isinstance(fact, Anomaly) and fact.code == "index-path-escape"
    package = (fact.module or "").partition(".")[0]
    return package in PACKAGES or (not package and fact.name in _MODELS)
