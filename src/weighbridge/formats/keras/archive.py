"""Keras 3 models: a zip with ``config.json`` (keras/src/saving/saving_lib.py).

Members are stored: ``metadata.json`` (keras_version, date_saved), ``config.json``,
``model.weights.h5`` or ``.npz``, ``assets/``. Only ``config.json`` is needed for its objects to be
built, so it is read in every zip that has one. Sharded weights have a ``model.weights.json`` that
names the files.
"""

from __future__ import annotations

from weighbridge.containers.base import Archive, Member
from weighbridge.containers.paths import judge_name
from weighbridge.errors import LimitExceeded, ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.keras import config
from weighbridge.formats.keras.json_text import LARGEST, load
from weighbridge.formats.keras.literals import excerpt

NAME = "keras"
_CONFIG = "config.json"
_METADATA = "metadata.json"
_SHARDS = "model.weights.json"
_BESIDE = frozenset({_METADATA, "model.weights.h5", "model.weights.npz", _SHARDS})
_MOST_SHARDS = 10_000


def is_keras(archive: Archive) -> bool:
    """Say whether a zip has a configuration and something else that Keras writes."""
    names = {member.name for member in archive.members}
    return _CONFIG in names and not _BESIDE.isdisjoint(names)


def read_archive(context: Context, archive: Archive, place: Place) -> None:
    """Add what the configurations of a zip name; every member of that name, if there are more."""
    sure = is_keras(archive)
    for member in archive.members:
        if member.kind != "file" or member.source is None:
            continue
        if member.name == _CONFIG:
            _configuration(context, member, place, sure)
        elif member.name == _METADATA:
            _metadata(context, member, place)
        elif member.name == _SHARDS:
            _shards(context, member, place)


def _data(member: Member) -> bytes | None:
    if member.source is None or member.source.size > LARGEST:
        return None
    return member.source.read_at(0, LARGEST)


def _configuration(context: Context, member: Member, place: Place, sure: bool) -> None:
    inner = place.inside(member.name)
    try:
        data = _data(member)
        if data is None:
            text = f"a configuration of more than {LARGEST} bytes"
            raise LimitExceeded("limit-config", text, 0)
        config.read_config(context, inner, data, _CONFIG)
    except ParseError as error:
        # What is no JSON is no configuration; only a model of Keras has to have one.
        if sure or isinstance(error, LimitExceeded):
            context.gap_from(inner, NAME, error)


def _metadata(context: Context, member: Member, place: Place) -> None:
    inner = place.inside(member.name)
    try:
        value = load(_data(member) or b"")
    except ParseError:
        return
    for key in ("keras_version", "date_saved"):
        text = value.get(key) if isinstance(value, dict) else None
        if isinstance(text, str):
            context.metadata(inner, NAME, key, excerpt(text, 100))


def _shards(context: Context, member: Member, place: Place) -> None:
    inner = place.inside(member.name)
    try:
        value = load(_data(member) or b"")
    except ParseError as error:
        context.gap_from(inner, NAME, error)
        return
    shard_names(context, inner, value)


def shard_names(context: Context, place: Place, value: object) -> None:
    """State which shards of an index lie outside the model's folder.

    Keras gives a list where a variable lies in several shards; single names are looked at with
    every other index of that form.
    """
    table = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(table, dict):
        return
    names: dict[str, None] = {}
    for entry in list(table.values())[:_MOST_SHARDS]:
        items = entry if isinstance(entry, list) else []
        names.update(dict.fromkeys(item for item in items if isinstance(item, str)))
    for name in names:
        fault = judge_name(name)
        if fault is not None and fault.code == "archive-name-escape":
            text = f"the index names the shard {excerpt(name, 120)!r}: {fault.text}"
            context.anomaly(place, NAME, "index-path-escape", text)
