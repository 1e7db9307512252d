"""Layers that stand for one function of TensorFlow, as Keras 2 writes them.

A Functional model of Keras 2 wraps every plain operation into a layer that names it:
`TFOpLambda` and `SlicingOpLambda` by its public name (`math.reduce_mean`), `ClassMethod` and
`InstanceMethod` by class and method, `TensorFlowOpLayer` by a node of a graph.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_SYMBOLS = frozenset({"TFOpLambda", "SlicingOpLambda"})
_LONGEST_NODE = 1 << 20


def operator_of(name: str, config: Mapping[str, object]) -> str | None:
    """Return the dotted name, within TensorFlow, of what such a layer applies."""
    short = name.rpartition(">")[2]
    if short in _SYMBOLS:
        return _text(config.get("function") or config.get("symbol"))
    if short == "ClassMethod":
        owner, method = _text(config.get("cls_symbol")), _text(config.get("method_name"))
        return f"{owner}.{method}" if owner and method else None
    if short == "TensorFlowOpLayer":
        operation = _node(config.get("node_def"))
        return f"raw_ops.{operation}" if operation else None
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _node(value: object) -> str | None:
    """A node is JSON text of the protobuf, or that object itself."""
    if isinstance(value, str) and len(value) <= _LONGEST_NODE:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return _text(value.get("op")) if isinstance(value, Mapping) else None
