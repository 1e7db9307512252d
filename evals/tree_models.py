"""Builds boosted trees as XGBoost and LightGBM save them."""

import json
import struct

from evals.flat_tables import Flat, flatbuffer


def tree(**changes):
    """A tree of XGBoost with one split."""
    made = {
        "base_weights": [0.1, -0.4, 0.6], "categories": [], "categories_nodes": [],
        "categories_segments": [], "categories_sizes": [], "default_left": [0, 0, 0], "id": 0,
        "left_children": [1, -1, -1], "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0], "split_conditions": [0.5, -0.4, 0.6],
        "split_indices": [4, 0, 0], "split_type": [0, 0, 0], "sum_hessian": [9.0, 4.0, 5.0],
        "tree_param": {
            "num_deleted": "0", "num_feature": "5", "num_nodes": "3", "size_leaf_vector": "1",
        },
    }  # fmt: skip
    return {**made, **changes}


def xgboost(tree_info=(0,), booster="gbtree", **changes):
    """A model of one tree."""
    model = {"trees": [tree(**changes)], "tree_info": list(tree_info), "gbtree_model_param": {}}
    inner = {"model": model, "name": "gbtree"}
    gradient = inner if booster == "gbtree" else {"gbtree": inner, "name": "dart"}
    settings = {"base_score": "5E-1", "num_class": "0", "num_feature": "5", "num_target": "1"}
    learner = {
        "attributes": {"scikit_learn": "{}"},
        "feature_names": [],
        "gradient_booster": gradient,
        "learner_model_param": settings,
        "objective": {"name": "binary:logistic"},
    }
    return {"learner": learner, "version": [3, 2, 0]}


def as_json(value):
    """Write as XGBoost does."""
    return json.dumps(value, separators=(",", ":")).encode()


def as_ubjson(value):
    """Write as XGBoost does: keys with eight bytes of length, rows of numbers typed."""
    if isinstance(value, dict):
        inner = b"".join(_text(key) + as_ubjson(item) for key, item in value.items())
        return b"{" + inner + b"}"
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"d" + struct.pack(">f", value)
    kinds = {type(item) for item in value}
    if value and kinds <= {int}:
        return b"[$l#L" + struct.pack(f">q{len(value)}i", len(value), *value)
    if value and kinds <= {float}:
        return b"[$d#L" + struct.pack(f">q{len(value)}f", len(value), *value)
    return b"[#L" + struct.pack(">q", len(value)) + b"".join(as_ubjson(item) for item in value)


def _text(text):
    return b"L" + struct.pack(">q", len(text)) + text.encode()


def old_xgboost(left=(1, -1, -1), right=(2, -1, -1), split=(4, 0, 0), group=0, prefix=b""):
    """Write the binary form of releases before 3.1."""
    data = prefix + struct.pack("<fIi", 0.5, 5, 0) + bytes(124)
    for name in (b"binary:logistic", b"gbtree"):
        data += struct.pack("<Q", len(name)) + name
    data += struct.pack("<i", 1) + bytes(156)
    data += struct.pack("<6i", 1, len(left), 0, 0, 5, 0) + bytes(124)
    for row in zip(left, right, split, strict=True):
        data += struct.pack("<iiiIf", -1, *row, 0.5)
    return data + bytes(16 * len(left)) + struct.pack("<i", group) + bytes(8)


HEAD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=4
objective=binary sigmoid:1
feature_names=a b c d e
feature_infos=[0:1] [0:1] [0:1] [0:1] [0:1]
tree_sizes=453

"""
TREE = """Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=75.9596 0.120352
threshold=0.5 0.3
decision_type=2 2
left_child=1 -1
right_child=-2 -3
leaf_value=-0.5 -0.1 -0.5
leaf_weight=4.8 7.7 6.7
leaf_count=20 32 28
is_linear=0
shrinkage=1


"""
TAIL = """end of trees

feature_importances:
a=1

parameters:
[boosting: gbdt]
[data: train.csv]
[output_model: LightGBM_model.txt]

end of parameters

pandas_categorical:null
"""


def lightgbm(old="", new="", more=""):
    """A model of one tree, with one text in it replaced."""
    return (HEAD + (TREE + more) + TAIL).replace(old or "\0", new).encode()


def catboost(version="FlabuffersModel_v1", parts=(), rest=b""):
    """Write a core that has a version and names of further parts, and no trees."""
    core = flatbuffer(Flat({0: version, 3: list(parts)} if parts else {0: version}), b"")
    return b"CBM1" + struct.pack("<I", len(core)) + core + rest


def catboost_texts():
    """Write a model with a part for categories and one for texts."""
    table = flatbuffer(Flat({0: b"hash"}), b"")
    categories = struct.pack("<II", 1, len(table)) + table
    header = flatbuffer(Flat({0: b"tokenizers"}), b"")
    texts = b"text_process_v2\0" + struct.pack("<Q", len(header)) + header + bytes(range(64))
    return catboost(parts=("static_provider_v1", "text_process_v2\0"), rest=categories + texts)


SAMPLES = {
    "xgboost json": lambda: as_json(xgboost()),
    "xgboost ubjson": lambda: as_ubjson(xgboost()),
    "xgboost dart": lambda: as_ubjson(xgboost(booster="dart")),
    "xgboost binary": old_xgboost,
    "xgboost binf": lambda: old_xgboost(prefix=b"binf"),
    "lightgbm": lightgbm,
    "catboost": catboost,
    "catboost texts": catboost_texts,
}
