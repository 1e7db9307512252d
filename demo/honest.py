"""Models as people save them."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path


def save(folder: Path) -> None:
    """Save one model with each library that is installed."""
    _numpy(folder)
    _scikit_learn(folder)
    _pandas(folder)
    _safetensors(folder)
    if importlib.util.find_spec("torch"):
        _torch(folder)
    (folder / "config.json").write_text(json.dumps({"hidden_size": 8, "layers": 2}))


def pipeline():
    """Return a fitted scikit-learn pipeline."""
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, classes = make_classification(200, 6, random_state=0)
    forest = RandomForestClassifier(8, random_state=0)
    return make_pipeline(StandardScaler(), forest).fit(features, classes)


def frame():
    """Return a table with names, numbers and dates."""
    import pandas

    return pandas.DataFrame(
        {
            "name": ["hive", "comb", "wax"],
            "weight": [1.5, 2.25, 3.0],
            "seen": pandas.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
        }
    )


def _numpy(folder: Path) -> None:
    import numpy

    numpy.save(folder / "embeddings.npy", numpy.eye(16, dtype="float32"))
    numpy.savez_compressed(folder / "layers.npz", dense=numpy.ones((4, 4)), bias=numpy.zeros(4))


def _scikit_learn(folder: Path) -> None:
    import joblib

    model = pipeline()
    (folder / "pipeline.pkl").write_bytes(pickle.dumps(model))
    joblib.dump(model, folder / "pipeline.joblib", compress=3)


def _pandas(folder: Path) -> None:
    frame().to_pickle(folder / "table.pkl")


def _safetensors(folder: Path) -> None:
    import numpy
    from safetensors.numpy import save_file

    tensors = {"embed.weight": numpy.ones((32, 8)), "head.bias": numpy.zeros(8, "float16")}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _torch(folder: Path) -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
