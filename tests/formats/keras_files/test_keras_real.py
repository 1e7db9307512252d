"""Files of the real library: clean, or a weakness where they carry or need code."""

from __future__ import annotations

import os

import pytest

from formats.scanning import scan, scan_file
from weighbridge.findings.model import Verdict

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("h5py", reason="Keras stores weights with h5py")
keras = pytest.importorskip("keras", reason="Keras writes the files")
pytestmark = pytest.mark.frameworks
CLEAN, WEAKNESS = Verdict.CLEAN, Verdict.WEAKNESS


def _sequential():
    from keras import layers

    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"),
         layers.BatchNormalization(),
         layers.GlobalAveragePooling2D(), layers.Dropout(0.1), layers.Dense(3, "softmax")]
    )  # fmt: skip


def _functional():
    from keras import layers

    inputs = keras.Input((10,), name="words")
    hidden = layers.Embedding(100, 8)(inputs)
    hidden = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(hidden)
    attended = layers.MultiHeadAttention(2, 4)(hidden, hidden)
    joined = layers.Concatenate()([hidden, attended])
    joined = layers.TimeDistributed(layers.Dense(4, kernel_regularizer="l2"))(joined)
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(joined)))


def _nested():
    inputs = keras.Input((8, 8, 3))
    inner = _sequential()
    return keras.Model(inputs, keras.ops.add(inner(inputs), 1.0))


def _preprocessing():
    from keras import layers

    inputs = keras.Input((1,), dtype="string")
    hidden = layers.TextVectorization(vocabulary=["a", "b", "/etc/passwd"])(inputs)
    return keras.Model(inputs, hidden)


def _lookup():
    from keras import layers

    inputs = keras.Input((1,), dtype="string")
    return keras.Model(inputs, layers.StringLookup(vocabulary=["x", "y"])(inputs))


def _mixed():
    from keras import layers

    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, dtype="mixed_float16")])
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)
    model.compile(
        keras.optimizers.AdamW(schedule),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(2)],
    )
    model.build((None, 4))
    return model


def _lambda():
    from keras import layers

    return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2 + 1)])


def _custom():
    from keras import layers

    @keras.saving.register_keras_serializable("my_package")
    class Twice(layers.Layer):
        def call(self, x):
            return x * 2

    return keras.Sequential([keras.Input((4,)), Twice()])


MODELS = {
    _sequential: CLEAN,
    _functional: CLEAN,
    _nested: CLEAN,
    _preprocessing: CLEAN,
    _lookup: CLEAN,
    _mixed: CLEAN,
    _lambda: WEAKNESS,
    _custom: WEAKNESS,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ("m.keras", "m.h5", "m.weights.h5"))
@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_saved_models(make, name, tmp_path):
    model = make()
    path = tmp_path / name
    if name == "m.weights.h5":
        model.save_weights(path)
        expected = CLEAN
    else:
        model.save(path)
        expected = MODELS[make]
    scanned = scan_file(path)
    assert scanned.verdict is expected, [
        (f.rule, f.title) for f in scanned.findings
    ] or scanned.gaps


@pytest.mark.filterwarnings("ignore")
def test_sharded_weights(tmp_path):
    model = keras.Sequential([keras.Input((500,)), *(keras.layers.Dense(500) for _ in range(4))])
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=0.002)
    found = sorted(tmp_path.iterdir())
    assert len(found) > 2
    for path in found:
        assert scan_file(path).verdict is CLEAN, path.name


@pytest.mark.filterwarnings("ignore")
def test_trained_model_with_optimizer_state(tmp_path):
    import numpy as np

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.zeros((4, 4)), np.eye(4)[:, :2], verbose=0)
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
        assert scan_file(tmp_path / name).verdict is CLEAN


def test_the_loader_agrees_that_a_foreign_function_is_refused():
    from keras.src.saving import serialization_lib

    bad = {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    }
    with pytest.raises((TypeError, ValueError)):
        serialization_lib.deserialize_keras_object(bad)


def test_every_api_that_keras_refuses_is_malicious():
    from keras.src.saving.serialization_lib import NON_MODELING_APIS
    from keras_samples import function, keras_zip, model

    for name in sorted(NON_MODELING_APIS):
        module, _, symbol = name.rpartition(".")
        assert scan(keras_zip(model(function(module, symbol)))).verdict is Verdict.MALICIOUS, name


def test_every_exported_class_and_layer_function_is_known():
    from keras.src import api_export

    from weighbridge.tables.keras import is_keras_name

    layers = [
        name for name in api_export.REGISTERED_NAMES_TO_OBJS if name.startswith("keras.layers.")
    ]
    missing = [name for name in layers if not is_keras_name(name.rpartition(".")[2])]
    assert not [n for n in missing if not n.endswith((".deserialize", ".serialize"))]


def test_a_lambda_of_the_real_library_is_read(tmp_path):
    from keras import layers

    model = keras.Sequential([keras.Input((4,))])
    model.add(layers.Lambda(lambda x: x if __import__("os").getpid() else x))
    model.save(tmp_path / "m.keras")
    hostile = keras.Sequential([keras.Input((4,))])
    hostile.add(layers.Lambda(lambda x: x if not __import__("os").system("true") else x))
    hostile.save(tmp_path / "h.h5")
    assert scan_file(tmp_path / "h.h5").verdict is Verdict.MALICIOUS
