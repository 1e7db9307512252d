"""Boosted trees: their numbers fit together, or a native reader leaves its memory."""

import json

import pytest
from evals.tree_models import (
    SAMPLES,
    TREE,
    as_json,
    as_ubjson,
    catboost,
    catboost_texts,
    lightgbm,
    old_xgboost,
    tree,
    xgboost,
)

from formats.scanning import scan
from weighbridge.findings.model import Kind, Verdict

FORGED = {
    "child": {"left_children": [7, -1, -1]},
    "negative child": {"right_children": [-5, -1, -1]},
    "cycle": {"left_children": [1, 0, -1]},
    "shared child": {"left_children": [2, -1, -1]},
    "feature": {"split_indices": [2_000_000_000, 0, 0]},
    "short list": {"split_conditions": [0.5]},
    "number of nodes": {"tree_param": {"num_nodes": "900"}},
    "group": {"tree_info": [4]},
    "groups": {"tree_info": [0, 0]},
    "categories": {
        "categories": [1], "categories_nodes": [0], "categories_segments": [0],
        "categories_sizes": [9],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_honest_models_are_clean(name):
    answer = scan(SAMPLES[name]())
    assert (answer.format, answer.verdict) == (name.split()[0], Verdict.CLEAN)


@pytest.mark.parametrize("write", [as_json, as_ubjson])
@pytest.mark.parametrize("name", FORGED)
def test_forged_numbers_of_xgboost_are_suspicious(name, write):
    answer = scan(write(xgboost(**FORGED[name])))
    assert {(f.rule, f.kind) for f in answer.findings} == {("tree-structure", Kind.SUSPICIOUS)}


@pytest.mark.parametrize("changes", [{"left": (9, -1, -1)}, {"split": (77, 0, 0)}, {"group": 3}])
def test_forged_numbers_of_the_old_form_are_suspicious(changes):
    assert scan(old_xgboost(**changes)).rules == {"tree-structure"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("left_child=1 -1", "left_child=9 -1"),
        ("right_child=-2 -3", "right_child=-2 -44"),
        ("split_feature=0 1", "split_feature=0 99"),
        ("num_leaves=3", "num_leaves=30"),
        ("leaf_value=-0.5 -0.1", "leaf_value="),
        ("shrinkage=1", "shrinkage=1\nleaf_value=1 1 1"),
        ("tree_sizes=453", "tree_sizes=453 453"),
    ],
)
def test_forged_numbers_of_lightgbm_are_suspicious(old, new):
    assert scan(lightgbm(old, new)).rules == {"tree-structure"}


@pytest.mark.parametrize("path", ["/etc/passwd", "../../x", "s3://bucket/x"])
def test_a_parameter_that_leads_elsewhere_is_a_weakness(path):
    (finding,) = scan(lightgbm("LightGBM_model.txt", path)).findings
    assert (finding.rule, finding.kind) == ("tree-parameter-path", Kind.WEAKNESS)


def test_lines_of_code_are_not_hidden_in_a_model():
    assert scan(lightgbm("shrinkage=1", "import os")).verdict is Verdict.INCONCLUSIVE
    assert scan(lightgbm("[boosting: gbdt]", "os.system('echo')")).verdict is Verdict.INCONCLUSIVE


def test_a_model_of_one_leaf_is_clean():
    one = "Tree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=0.5\nshrinkage=1\n\n"
    assert scan(lightgbm(TREE, one)).verdict is Verdict.CLEAN


def test_a_version_of_catboost_that_is_not_known_is_a_weakness():
    assert scan(catboost("Another_v9")).verdict is Verdict.WEAKNESS


def test_parts_of_catboost_that_are_not_announced_are_foreign():
    whole = catboost_texts()
    rest = whole[whole.rindex(b"text_process_v2") :]
    assert scan(whole).verdict is Verdict.CLEAN
    assert scan(catboost(rest=rest)).verdict is Verdict.INCONCLUSIVE
    assert scan(catboost(parts=["embed_process_1"], rest=rest)).verdict is Verdict.INCONCLUSIVE


def test_a_stream_among_the_texts_of_catboost_is_found():
    trap = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    assert scan(catboost_texts() + trap).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("name", SAMPLES)
def test_no_truncation_is_clean(name):
    data = SAMPLES[name]().rstrip()
    end = len(data)
    if name == "lightgbm":
        end = data.index(b"end of trees")  # What follows is not needed.
    elif name == "catboost texts":
        end = data.rindex(b"tokenizers")  # How far the texts reach is not told.
    elif name in ("xgboost binary", "xgboost binf"):
        end -= 8
    for size in range(30, end, 3):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


@pytest.mark.parametrize(
    "data",
    [
        b'{"learner": {"name": "x"}, "version": [1, 2, 3]}',
        b'{"version": "1.0", "trees": []}',
        b"tree\nversion=4\n",
        json.dumps(tree()).encode(),
    ],
)
def test_other_texts_stay_texts(data):
    assert scan(data).format in ("json", "text") and scan(data).verdict is Verdict.CLEAN


def test_nested_ubjson_is_a_limit():
    data = as_ubjson({"learner": 1})[:-1] + b"L" + bytes(7) + b"\x01a" + b"[" * 200
    assert scan(data).verdict is Verdict.INCONCLUSIVE


@pytest.mark.frameworks
def test_files_of_the_libraries(tmp_path):
    np = pytest.importorskip("numpy")
    xgb = pytest.importorskip("xgboost")
    lgb = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(7)
    x = rng.random((80, 5))
    y = rng.integers(0, 3, 80)
    for booster in ("gbtree", "dart", "gblinear"):
        model = xgb.XGBClassifier(n_estimators=3, booster=booster).fit(x, y)
        for ending in ("json", "ubj"):
            model.save_model(tmp_path / f"{booster}.{ending}")
    for linear in (False, True):
        made = lgb.LGBMRegressor(n_estimators=3, verbose=-1, linear_tree=linear).fit(x, y)
        made.booster_.save_model(tmp_path / f"{linear}.txt")
    for path in tmp_path.iterdir():
        answer = scan(path.read_bytes())
        assert answer.format in ("xgboost", "lightgbm"), path.name
        assert answer.verdict is Verdict.CLEAN, path.name
