"""Graphs of MXNet in JSON (apache/mxnet, nnvm SaveJSON).

``nodes`` with ``op`` (``null`` for a variable), ``name`` and ``inputs`` as rows of node, output and
version; ``arg_nodes`` and ``heads`` point at nodes. The operator ``Custom`` is a class of Python
that the program registered under the name in ``op_type``.
"""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally

NAME = "mxnet"
_SHOWN = 20


def is_graph(value: object) -> bool:
    """Say whether plain values are a graph."""
    if not isinstance(value, dict):
        return False
    nodes, arguments, heads = (value.get(key) for key in ("nodes", "arg_nodes", "heads"))
    if not (isinstance(nodes, list) and isinstance(arguments, list) and isinstance(heads, list)):
        return False
    return bool(nodes) and all(
        isinstance(node, dict) and isinstance(node.get("op"), str) and "inputs" in node
        for node in nodes
    )


def read_graph(context: Context, value: object, place: Place) -> None:
    """Add the operators, and numbers that point at no node."""
    if not isinstance(value, dict):
        return
    tally = OperatorTally(NAME)
    for node in value["nodes"]:
        settings: object = next((node[k] for k in ("attrs", "attr", "param") if k in node), None)
        kind = settings.get("op_type") if isinstance(settings, dict) else None
        given = (("op_type", str(kind)),) if kind is not None and node["op"] == "Custom" else ()
        tally.note(node["op"], arguments=given)
    tally.state(context, place)
    for text in list(dict.fromkeys(_problems(value)))[:_SHOWN]:
        context.anomaly(place, NAME, "mxnet-index", text)


def _problems(value: dict[str, list[object]]) -> Iterator[str]:
    count = len(value["nodes"])
    for number, node in enumerate(value["nodes"]):
        inputs = node.get("inputs") if isinstance(node, dict) else None
        for entry in inputs if isinstance(inputs, list) else ():
            if not _points(entry, number):
                yield f"an input of node {number} is no node before it"
    for entry in value["arg_nodes"]:
        if not _points(entry, count):
            yield f"arg_nodes names a node that is none of the {count}"
    for entry in value["heads"]:
        if not _points(entry, count):
            yield f"heads names a node that is none of the {count}"


def _points(entry: object, below: int) -> bool:
    first = entry[0] if isinstance(entry, list) and entry else entry
    return isinstance(first, int) and 0 <= first < below
