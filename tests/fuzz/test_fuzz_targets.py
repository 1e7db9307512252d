"""Every fuzz target on its seeds and on random changes to them, without atheris."""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent / "formats"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from builders.pickles import mutated  # noqa: E402
from weighbridge.text import secrets  # noqa: E402

TARGETS = sorted(path.stem for path in HERE.glob("fuzz_*.py"))
INPUTS = 300


@pytest.fixture(autouse=True)
def _masking_without_plugins(monkeypatch):
    """Where the detectors are not installed, only the built-in token form is masked."""
    if importlib.util.find_spec("detect_secrets") is None:
        monkeypatch.setattr(secrets, "_detectors", lambda: ())


def test_there_is_a_target_for_each_reader():
    readers = (
        "archived_models arrow bson bytecode caffe catboost checkpoint cntk compressed coreml "
        "data espeak examine executable executorch ggml gguf hdf5 java_objects keras_json "
        "lightgbm machine marshal mindir mlir mobile msgpack ncnn_binary onnx osv_records paddle "
        "r_data rknn safetensors sevenzip source tar templates tensorflow tensorflow_text texts "
        "tflite token_index torch7 xgboost xml_model zip"
    )
    assert [name.removeprefix("fuzz_") for name in TARGETS] == readers.split()


@pytest.mark.parametrize("name", TARGETS)
def test_target(name):
    module = importlib.import_module(name)
    one_input = module.target()
    seeds = module.seeds()
    for seed in seeds:
        one_input(seed)
    rng = random.Random(name)
    for number in range(INPUTS):
        one_input(mutated(number, rng.choice(seeds)))
        if number % 5 == 0:
            one_input(rng.randbytes(rng.randrange(60)))
