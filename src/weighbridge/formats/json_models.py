"""Models whose form is JSON, told by keys that no other JSON has together."""

from __future__ import annotations

import re
from collections.abc import Callable

from weighbridge.formats import chunked_arrays, mlc, mxnet, paddle, stable_baselines, tfjs
from weighbridge.formats.context import Context, Place
from weighbridge.formats.trees import xgboost

Recognise = Callable[[object], bool]
Read = Callable[[Context, object, Place], None]

READERS: tuple[tuple[str, Recognise, Read], ...] = (
    (xgboost.NAME, xgboost.is_xgboost, xgboost.read),
    (paddle.NAME, paddle.is_program, paddle.read_program),
    (tfjs.NAME, tfjs.is_model, tfjs.read_model),
    (chunked_arrays.ZARR, chunked_arrays.is_array, chunked_arrays.read_array),
    (mlc.NAME, mlc.is_cache, mlc.read_cache),
    (chunked_arrays.N5, chunked_arrays.is_n5, chunked_arrays.read_n5),
    (mxnet.NAME, mxnet.is_graph, mxnet.read_graph),
    (stable_baselines.NAME, stable_baselines.is_settings, stable_baselines.read_settings),
)
# How a model begins that may be too long to be read.
_BEGINNINGS = (
    (re.compile(rb'\s*\{\s*"learner"\s*:\s*\{'), xgboost.NAME),
    (re.compile(rb'\s*\{\s*"base_code"\s*:\s*\{'), paddle.NAME),
)


def begins(head: bytes) -> str:
    """Return the model that the first bytes of a JSON text promise, empty for none."""
    return next((name for pattern, name in _BEGINNINGS if pattern.match(head)), "")


def read_model(context: Context, value: object, place: Place) -> str:
    """Add the facts about a model in JSON; returns its format, empty when it is none."""
    for name, recognise, read in READERS:
        if recognise(value):
            read(context, value, place)
            return name
    return ""
