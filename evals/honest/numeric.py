"""NumPy, SciPy and pandas."""

from __future__ import annotations

import functools
import gzip
import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("numpy", "scipy", "pandas")


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    yield from _numpy()
    yield from _scipy()
    yield from _pandas()


def _arrays() -> dict[str, Any]:
    import numpy as np

    types = "?bhilqBHILQefdgFDG"
    found = {f"type-{np.dtype(t).name}": np.ones(3, t) for t in types}
    records = np.array([(1, 2.0, "a")], [("i", "<i4"), ("f", "<f8"), ("s", "U3")])
    return found | {
        "text": np.array(["a", "eval(x)"]),
        "bytes": np.array([b"a", b"cos\nsystem\n"]),
        "dates": np.array(["2024-01-01"], "datetime64[ns]"),
        "deltas": np.array([1], "timedelta64[s]"),
        "records": records,
        "recarray": records.view(np.recarray),
        "nested-records": np.zeros(2, [("a", [("b", "f4", (2,))])]),
        "big-endian": np.ones(3, ">f8"),
        "fortran": np.asfortranarray(np.ones((3, 4))),
        "zero-size": np.zeros((0, 3)),
        "zero-dimensions": np.array(1.0),
        "objects": np.array(["a", None, 1, {"b": [2]}], object),
        "object-field": np.array([(1, "x")], [("a", "i4"), ("b", "O")]),
        "masked": np.ma.masked_array([1.0, 2.0], [True, False]),
        "void": np.zeros(2, "V4"),
        "strings": np.array(["a", "bb"], np.dtypes.StringDType())
        if hasattr(np, "dtypes")
        else np.ones(1),
        "polynomial": np.polynomial.Polynomial([1, 2]),
        "scalars": [
            np.float32(1),
            np.int64(2),
            np.bool_(True),
            np.str_("x"),
            np.datetime64("2024"),
        ],
        "dtypes": [np.dtype("f4"), np.dtype(object), np.float64, np.ndarray],
        "ufuncs": [np.tanh, np.add, np.mean],
        "vectorised": np.vectorize(np.tanh),
        "rng": np.random.default_rng(1),
        "rng-legacy": np.random.RandomState(1),
        "rng-state": np.random.get_state(),
        "rng-bits": [np.random.PCG64(1), np.random.MT19937(1), np.random.SeedSequence(1)],
        "matrix": np.matrix([[1, 2]]),
        "partial": functools.partial(np.clip, a_min=0, a_max=1),
        "poly1d": np.poly1d([1, 2]),
        "finfo": [np.finfo("f4").max, np.inf, np.nan],
        "memory-order": np.ones((2, 3)).T,
    }


def _numpy() -> Iterator[Honest]:
    import numpy as np

    for name, value in _arrays().items():
        for protocol in (0, 2, 3, 4, 5):
            try:
                content = pickle.dumps(value, protocol)
            except (pickle.PicklingError, TypeError, ValueError):
                continue
            yield Honest(f"numpy-{name}-{protocol}", "numpy", content)
        if type(value) in (np.ndarray, np.recarray):
            for version in ((1, 0), (2, 0), (3, 0)):
                packed = io.BytesIO()
                try:
                    np.lib.format.write_array(packed, value, version)
                except (ValueError, UnicodeEncodeError, TypeError):
                    continue
                yield Honest(
                    f"npy-{name}-{version[0]}", "numpy", packed.getvalue(), file="array.npy"
                )

    def archive(path: Path, save: Any) -> None:
        save(path, x=np.ones(3), y=np.array(["a", None], object), z=np.array(1))

    for save in (np.savez, np.savez_compressed):
        yield Honest(
            f"npz-{save.__name__}", "numpy", functools.partial(archive, save=save), file="a.npz"
        )


def _scipy() -> Iterator[Honest]:
    import numpy as np
    from scipy import interpolate, signal, sparse, spatial, stats
    from scipy.spatial.transform import Rotation

    grid = np.linspace(0, 1, 6)
    values: dict[str, Any] = {
        f"sparse-{kind}": getattr(sparse, f"{kind}_matrix")(np.eye(3))
        for kind in "csr csc coo lil dok dia bsr".split()
    }
    values |= {
        "sparse-array": sparse.csr_array(np.eye(3)),
        "interp1d": interpolate.interp1d(grid, grid),
        "spline": interpolate.CubicSpline(grid, grid),
        "univariate": interpolate.UnivariateSpline(grid, grid),
        "regular-grid": interpolate.RegularGridInterpolator((grid,), grid),
        "rbf": interpolate.RBFInterpolator(np.random.rand(5, 2), np.ones(5)),
        "bspline": interpolate.make_interp_spline(grid, grid),
        "kd-tree": spatial.cKDTree(np.random.rand(5, 2)),
        "kd-tree-python": spatial.KDTree(np.random.rand(5, 2)),
        "rotation": Rotation.from_euler("x", 1.0),
        "distribution": stats.norm(0, 1),
        "distribution-free": stats.gamma,
        "uniform": stats.uniform(0, 1),
        "discrete": stats.randint(0, 5),
        "kde": stats.gaussian_kde(np.random.rand(20)),
        "multivariate": stats.multivariate_normal([0, 0]),
        "filter": signal.butter(3, 0.1),
        "lti": signal.dlti([1.0], [1.0, 2.0]),
        "test-result": stats.ttest_1samp([1.0, 2.0], 0),
    }
    for name, value in values.items():
        for protocol in (2, 4):
            try:
                content = pickle.dumps(value, protocol)
            except (pickle.PicklingError, TypeError, AttributeError):
                continue
            yield Honest(f"scipy-{name}-{protocol}", "scipy", content)

    def npz(path: Path) -> None:
        sparse.save_npz(path, sparse.csr_matrix(np.eye(3)))

    yield Honest("scipy-npz", "scipy", npz, file="m.npz")


def _pandas() -> Iterator[Honest]:
    import numpy as np
    import pandas as pd

    dates = pd.date_range("2024-01-01", periods=3, freq="D", tz="UTC")
    frame = pd.DataFrame(
        {"a": [1, 2, 3], "b": ["x", "y", None], "c": pd.Categorical(["u", "v", "u"]), "d": dates}
    )
    values: dict[str, Any] = {
        "frame": frame,
        "frame-index": frame.set_index(["a", "b"]),
        "series": frame["b"],
        "dates": dates,
        "naive-dates": pd.date_range("2024-01-01", periods=3, freq="MS"),
        "periods": pd.period_range("2024-01", periods=3, freq="M"),
        "intervals": pd.interval_range(0, 3),
        "deltas": pd.timedelta_range("1D", periods=3),
        "timestamps": [
            pd.Timestamp("2024-01-01", tz="Europe/Berlin"),
            pd.Timedelta(1),
            pd.NaT,
            pd.NA,
        ],
        "nullable": pd.DataFrame(
            {
                "i": pd.array([1, None], "Int64"),
                "s": pd.array(["a", None], "string"),
                "b": pd.array([True, None], "boolean"),
            }
        ),
        "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
        "multi-index": pd.MultiIndex.from_product([[1, 2], ["a"]]),
        "range-index": pd.RangeIndex(5),
        "offsets": [pd.offsets.BDay(2), pd.offsets.MonthEnd(1), pd.DateOffset(months=1)],
        "group": dict(list(frame.groupby("c", observed=True))),
        "dtypes": frame.dtypes,
        "objects": pd.Series([{"a": 1}, [1], "eval(x)"]),
        "mixed": {"mean": frame.a.mean(), "columns": frame.columns, "values": frame.values},
        "interval": pd.cut(pd.Series([1.0, 2.0]), 2),
        "wide": pd.DataFrame(np.random.rand(5, 200)),
    }
    for name, value in values.items():
        for protocol in (2, 4, 5):
            yield Honest(f"pandas-{name}-{protocol}", "pandas", pickle.dumps(value, protocol))
    for kind in ("gzip", "bz2", "xz", "zip", "tar"):
        to_pickle = functools.partial(frame.to_pickle, compression=kind)
        yield Honest(f"pandas-file-{kind}", "pandas", to_pickle, file=f"frame.pkl.{kind}")
    yield Honest("pandas-gzip", "pandas", gzip.compress(pickle.dumps(frame)), file="frame.pkl.gz")
