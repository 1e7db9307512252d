"""What the libraries of other makers save is clean, every file of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from evals.honest.makers import WRITERS

from weighbridge import scan
from weighbridge.findings.model import Verdict

FORMATS = {
    "OpenVINO": {"openvino"},
    "ncnn and pnnx": {"ncnn", "onnx"},
    "spaCy": {"spacy-config", "msgpack"},
    "zarr": {"zarr"},
    "TensorStore": {"ocdbt", "zarr"},
    "PMML": {"pmml"},
    "Core ML": {"coreml", "coreml-weights"},
    "boosted trees": {"xgboost", "lightgbm"},
    "CatBoost": {"catboost", "coreml", "onnx", "pmml"},
    "Flax": {"msgpack"},
    "Orbax": {"ocdbt"},
    "Paddle": {"paddle", "paddle-parameters", "pickle"},
}


@pytest.mark.frameworks
@pytest.mark.parametrize("name", WRITERS)
def test_saved_folders_are_clean(name: str, tmp_path: Path) -> None:
    needs, write = WRITERS[name]
    missing = [one for one in needs.split() if importlib.util.find_spec(one) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    write(tmp_path)
    report = scan(tmp_path)
    assert [(file.path, file.verdict) for file in report.files if file.verdict != "clean"] == []
    assert report.verdict is Verdict.CLEAN
    assert {file.format for file in report.files} >= FORMATS.get(name, set())
