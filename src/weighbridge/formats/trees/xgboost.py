"""An XGBoost model as plain values, from JSON or UBJSON (xgboost, doc/model.schema).

::

    version [3, 2, 0]
    learner  learner_model_param  num_feature num_class num_target
             gradient_booster     name, model (of dart: gbtree.model)
                                  trees, tree_info
             attributes           texts of the user's

A tree is a row of arrays, one element a node. XGBoost takes children, features and groups as they
are (its maintainers declare model files to be trusted input), so an index that leads out of an
array makes it read or write beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.formats.context import Context, Place
from weighbridge.formats.trees.ubjson import Row

NAME = "xgboost"
_ROWS = ("left_children", "right_children", "parents", "split_indices", "split_conditions")
_BOOSTERS = ("gbtree", "gblinear", "dart")
_SHOWN = 20
_TEXT = 300


def is_xgboost(value: object) -> bool:
    """Say whether plain values are a model of XGBoost."""
    if not isinstance(value, dict) or not isinstance(value.get("version"), list):
        return False
    booster = _at(value, "learner", "gradient_booster", "name")
    return booster in _BOOSTERS and isinstance(_at(value, "learner", "learner_model_param"), dict)


def read(context: Context, value: object, place: Place) -> None:
    """Add what the model says of itself, and what does not fit together in it."""
    version = ".".join(str(part)[:8] for part in _list(_at(value, "version"))[:3])
    context.metadata(place, NAME, "version", version)
    attributes = _at(value, "learner", "attributes")
    for key, text in list(attributes.items())[:_SHOWN] if isinstance(attributes, dict) else ():
        if isinstance(text, str):
            context.metadata(place, NAME, str(key)[:100], text[:_TEXT])
    problems = dict.fromkeys(_problems(context, value))
    for code, text in list(problems)[:_SHOWN]:
        context.anomaly(place, NAME, code, text)


def _problems(context: Context, value: object) -> Iterator[tuple[str, str]]:
    booster = _at(value, "learner", "gradient_booster")
    model = _at(booster, "model") or _at(booster, "gbtree", "model")
    if not isinstance(model, dict):
        yield "xgboost-array", "the booster has no model"
        return
    if not isinstance(model.get("trees"), list):
        if _at(booster, "name") != "gblinear":
            yield "xgboost-array", "the booster has no trees"
        return
    settings = _at(value, "learner", "learner_model_param")
    features = _number(_at(settings, "num_feature"))
    groups = max(1, *(_number(_at(settings, key)) for key in ("num_class", "num_target")))
    trees, groups_of = model["trees"], model.get("tree_info")
    if not isinstance(groups_of, list) or len(groups_of) != len(trees):
        yield "xgboost-array", "tree_info does not name a group for each tree"
    elif any(not isinstance(one, int) or not 0 <= one < groups for one in groups_of):
        yield "xgboost-index", f"tree_info names a group that is none of the {groups}"
    for tree in trees:
        context.budget.check_time()
        yield from _tree(tree, features)


def _tree(tree: object, features: int) -> Iterator[tuple[str, str]]:
    rows = [_row(tree, name) for name in _ROWS]
    left, right, _parents, split, _conditions = rows
    nodes = _number(_at(tree, "tree_param", "num_nodes"))
    if len({len(row) for row in rows}) > 1 or len(left) != nodes or not nodes:
        lengths = ", ".join(str(len(row)) for row in rows)
        yield "xgboost-array", f"a tree of {nodes} nodes has arrays of {lengths}"
        return
    if isinstance(left, Row) or isinstance(right, Row) or isinstance(split, Row):
        yield "xgboost-array", "the children of a tree are no whole numbers"
        return
    yield from node_problems(left, right, split, features)
    yield from _categories(tree, nodes)


def node_problems(
    left: Sequence[object], right: Sequence[object], split: Sequence[object], features: int
) -> Iterator[tuple[str, str]]:
    """Follow the tree from its root; nodes that were pruned are reached from nowhere."""
    count, seen, waiting = len(left), {0}, [0]
    while waiting:
        node = waiting.pop()
        children = (left[node], right[node])
        if children[0] == -1:
            continue
        for child in children:
            if not isinstance(child, int) or not 0 < child < count:
                yield "xgboost-index", f"node {node} has the child {str(child)[:20]} of {count}"
            elif child in seen:
                yield "xgboost-cycle", f"node {child} has two parents"
            else:
                seen.add(child)
                waiting.append(child)
        feature = split[node]
        if not isinstance(feature, int) or feature < 0 or features and feature >= features:
            text = f"node {node} splits by the feature {str(feature)[:20]} of {features}"
            yield "xgboost-index", text


def _categories(tree: object, nodes: int) -> Iterator[tuple[str, str]]:
    kept, where, starts, sizes = (
        _row(tree, name)
        for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes")
    )
    if not len(where) == len(starts) == len(sizes):
        yield "xgboost-array", "the lists of categories have different lengths"
        return
    for node, start, size in zip(where, starts, sizes, strict=True):
        if not isinstance(node, int) or not isinstance(start, int) or not isinstance(size, int):
            yield "xgboost-index", "categories are told by something else than numbers"
        elif not 0 <= node < nodes or min(start, size) < 0:
            yield "xgboost-index", "categories belong to a node that there is not"
        elif start + size > len(kept):
            yield "xgboost-index", "categories of a node stand behind the end of their list"


def _row(tree: object, name: str) -> Sequence[object]:
    found = _at(tree, name)
    return found if isinstance(found, list | Row) else []  # type: ignore[return-value]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _number(value: object) -> int:
    """Return a count, which XGBoost writes as a text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
