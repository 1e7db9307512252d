"""What the libraries of other makers save is clean, every file of it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
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
    "MXNet": {"mxnet", "mxnet-parameters", "pickle"},
    "RKNN": {"rknn", "onnx"},
    "MindSpore": {"mindir", "mindspore-checkpoint"},
    "TVM": {"tvm-parameters"},
}
# What a web page writes as two files: the model's description, and its numbers in one piece.
TENSORFLOW_JS = """
const tf = require("@tensorflow/tfjs");
const fs = require("fs");
const folder = process.argv[1];
const model = tf.sequential({layers: [
  tf.layers.conv2d({inputShape: [8, 8, 1], filters: 4, kernelSize: 3, activation: "relu"}),
  tf.layers.flatten(), tf.layers.dense({units: 3, activation: "softmax"})]});
model.save(tf.io.withSaveHandler(async (made) => {
  const {weightData, weightSpecs, ...description} = made;
  const manifest = [{paths: ["./model.weights.bin"], weights: weightSpecs}];
  description.weightsManifest = manifest;
  fs.writeFileSync(folder + "/model.json", JSON.stringify(description));
  const bytes = tf.io.CompositeArrayBuffer.join(weightData);
  fs.writeFileSync(folder + "/model.weights.bin", Buffer.from(bytes));
  return {modelArtifactsInfo: {dateSaved: new Date(), modelTopologyType: "JSON"}};
}));
"""


@pytest.mark.frameworks
@pytest.mark.parametrize("name", WRITERS)
def test_saved_folders_are_clean(name: str, tmp_path: Path) -> None:
    needs, write = WRITERS[name]
    missing = [one for one in needs.split() if importlib.util.find_spec(one) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    write(tmp_path)
    see_clean(tmp_path, FORMATS.get(name, set()))


def test_tensorflow_js(tmp_path: Path) -> None:
    """Its folder is named by NODE_PATH."""
    node = shutil.which("node")
    if node is None or not (Path(os.environ.get("NODE_PATH", "")) / "@tensorflow/tfjs").is_dir():
        pytest.skip("TensorFlow.js is not installed; `make test-makers` installs it")
    command = [node, "-e", TENSORFLOW_JS, "--", str(tmp_path)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    see_clean(tmp_path, {"tensorflow-js"})


def see_clean(folder: Path, formats: set[str]) -> None:
    report = scan(folder)
    assert [(file.path, file.verdict) for file in report.files if file.verdict != "clean"] == []
    assert report.verdict is Verdict.CLEAN
    assert {file.format for file in report.files} >= formats
