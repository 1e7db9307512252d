"""scikit-learn estimators, saved with pickle and joblib in many ways; skops."""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("numpy", "sklearn", "joblib")


def _data() -> tuple[Any, Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 4))
    return points, (points[:, 0] > 0).astype(int), points[:, 1] * 2


def _fitted() -> Iterator[tuple[str, Any]]:
    from sklearn.utils import all_estimators

    points, classes, numbers = _data()
    for name, cls in all_estimators():
        if name in ("GridSearchCV",):
            continue
        try:
            model = cls()
        except TypeError:
            continue
        try:
            model.fit(abs(points), classes if "Regress" not in name else numbers)
        except Exception:
            try:
                model.fit(["a b c", "eval os.system exec", "d e f"] * 5)
            except Exception:
                model = cls()
        yield name.lower(), model


def _composed() -> dict[str, Any]:
    import numpy as np
    from sklearn import (
        compose,
        ensemble,
        feature_extraction,
        gaussian_process,
        linear_model,
        metrics,
        model_selection,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        svm,
        tree,
    )

    points, classes, numbers = _data()
    texts = ["a good film", "os.system is bad", "exec eval import"] * 5
    kernels = gaussian_process.kernels
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC(probability=False))
    union = pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", "passthrough")])
    columns = compose.ColumnTransformer(
        [("a", preprocessing.StandardScaler(), [0, 1]), ("b", "passthrough", slice(2, 4))]
    )
    return {
        "pipeline": scaled.fit(points, classes),
        "union": union.fit(points),
        "columns": columns.fit(points),
        "grid-search": model_selection.GridSearchCV(
            tree.DecisionTreeClassifier(),
            {"max_depth": [1, 2]},
            cv=2,
            scoring=metrics.make_scorer(metrics.f1_score),
        ).fit(points, classes),
        "random-search": model_selection.RandomizedSearchCV(
            linear_model.Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=2, random_state=1
        ).fit(points, numbers),
        "forest": ensemble.RandomForestClassifier(20).fit(points, classes),
        "boosting": ensemble.HistGradientBoostingClassifier(max_iter=3).fit(points, classes),
        "boosting-regressor": ensemble.HistGradientBoostingRegressor(
            max_iter=3, loss="poisson"
        ).fit(points, abs(numbers)),
        "gradient": ensemble.GradientBoostingClassifier(n_estimators=3).fit(points, classes),
        "stack": ensemble.StackingClassifier([("a", tree.DecisionTreeClassifier())], cv=2).fit(
            points, classes
        ),
        "vote": ensemble.VotingRegressor([("a", linear_model.Ridge())]).fit(points, numbers),
        "bag": ensemble.BaggingClassifier(n_estimators=3).fit(points, classes),
        "gaussian": gaussian_process.GaussianProcessRegressor(
            kernels.RBF() + kernels.WhiteKernel() * kernels.Matern() ** 2
        ).fit(points, numbers),
        "function-numpy": preprocessing.FunctionTransformer(np.log1p, np.expm1),
        "function-none": preprocessing.FunctionTransformer(),
        "tfidf": feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2)).fit(texts),
        "count-method": feature_extraction.text.CountVectorizer(
            tokenizer=str.split, token_pattern=None
        ).fit(texts),
        "hashing": feature_extraction.text.HashingVectorizer(n_features=16).fit(texts),
        "text-pipeline": pipeline.make_pipeline(
            feature_extraction.text.TfidfVectorizer(), linear_model.SGDClassifier()
        ).fit(texts, [0, 1, 2] * 5),
        "neighbours": neighbors.KNeighborsClassifier(metric="manhattan").fit(points, classes),
        "neighbours-tree": neighbors.KDTree(points),
        "neighbours-ball": neighbors.BallTree(points),
        "density": neighbors.KernelDensity().fit(points),
        "network": neural_network.MLPClassifier(max_iter=3).fit(points, classes),
        "svc-custom-kernel": svm.SVC(kernel=metrics.pairwise.linear_kernel).fit(points, classes),
        "dict": {
            "model": tree.DecisionTreeRegressor().fit(points, numbers),
            "columns": list("abcd"),
            "score": np.float64(0.5),
        },
        "tuple": (
            preprocessing.LabelEncoder().fit(["a", "b"]),
            preprocessing.OneHotEncoder().fit([["a"], ["b"]]),
        ),
        "bunch": __import__("sklearn.utils", fromlist=["Bunch"]).Bunch(a=1, data=points),
        "bound-analyzer": feature_extraction.text.CountVectorizer(
            analyzer=feature_extraction.text.TfidfVectorizer().build_analyzer()
        )
        if False
        else feature_extraction.DictVectorizer().fit([{"a": 1}]),
        "isolation": ensemble.IsolationForest(n_estimators=3).fit(points),
        "cross-validation": [model_selection.StratifiedKFold(3), model_selection.ShuffleSplit(3)],
        "scorers": {
            "f1": metrics.get_scorer("f1"),
            "custom": metrics.make_scorer(metrics.fbeta_score, beta=2),
        },
        "sgd-loss": linear_model.SGDClassifier(loss="modified_huber").fit(points, classes),
        "poisson": linear_model.PoissonRegressor().fit(points, abs(numbers)),
    }


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    import joblib

    for name, model in _fitted():
        try:
            content = pickle.dumps(model)
        except Exception:
            continue
        yield Honest(f"sklearn-{name}", "scikit-learn", content)
        yield Honest(
            f"joblib-{name}", "joblib", functools.partial(joblib.dump, model), file="model.joblib"
        )
    composed = _composed()
    for name, model in composed.items():
        for protocol in (0, 2, 3, 4, 5):
            try:
                content = pickle.dumps(model, protocol)
            except Exception:
                continue
            yield Honest(f"sklearn-composed-{name}-{protocol}", "scikit-learn", content)
        yield Honest(
            f"joblib-composed-{name}",
            "joblib",
            functools.partial(joblib.dump, model),
            file="model.joblib",
        )
    yield from _compressed(composed["forest"])
    yield from _skops(composed)


def _compressed(model: Any) -> Iterator[Honest]:
    import joblib
    import numpy as np

    value = {
        "model": model,
        "big": np.arange(300_000.0),
        "o": np.array(["a", None], object),
        "f": np.ones((3, 4), order="F"),
    }
    for method in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
        for level in (1, 5):
            dump = functools.partial(joblib.dump, value, compress=(method, level))
            yield Honest(f"joblib-{method}-{level}", "joblib", dump, file=f"model.joblib.{method}")
    for protocol in (2, 3, 4, 5):
        dump = functools.partial(joblib.dump, value, protocol=protocol)
        yield Honest(f"joblib-protocol-{protocol}", "joblib", dump, file="model.joblib")
    packed = io.BytesIO()
    joblib.dump([value, [np.zeros(0), np.float32(1), np.array("x")]], packed)
    yield Honest("joblib-stream", "joblib", packed.getvalue())
    yield Honest(
        "joblib-records",
        "joblib",
        functools.partial(joblib.dump, np.zeros(3, [("a", "f4"), ("b", "U3")])),
    )
    yield Honest(
        "joblib-memmap",
        "joblib",
        functools.partial(joblib.dump, [np.ones(5, "datetime64[D]"), np.ones(5, "c16")]),
    )


def _skops(composed: dict[str, Any]) -> Iterator[Honest]:
    try:
        from skops.io import dump
    except ImportError:
        return
    for name, model in composed.items():
        if name in ("count-method", "boosting-regressor"):
            continue

        def save(path: Path, model: Any = model) -> None:
            dump(model, path)

        try:
            save(Path("/dev/null"))
        except Exception:
            continue
        yield Honest(f"skops-{name}", "skops", save, file="model.skops")
