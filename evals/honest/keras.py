"""What Keras saves: models in both formats, weights, and files that h5py writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("keras", "h5py")
_LAMBDA = "bytecode of a Lambda layer"
_CUSTOM = "classes that the file does not hold"


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    for name, (make, weakness) in _models(keras).items():
        for ending in ("keras", "h5", "weights.h5"):
            why = "" if ending == "weights.h5" else weakness
            writer = _saver(make, ending)
            yield Honest(f"keras-{name}-{ending}", "keras", writer, why, f"m.{ending}")
    for name, fill in _files().items():
        yield Honest(f"h5py-{name}", "h5py", _writer(fill), "", "data.h5")


def _saver(make: Callable[[], Any], ending: str) -> Callable[[Path], object]:
    def save(path: Path) -> None:
        model = make()
        if ending == "weights.h5":
            model.save_weights(path)
        else:
            model.save(path)

    return save


def _models(keras: Any) -> dict[str, tuple[Callable[[], Any], str]]:
    layers = keras.layers

    def vision() -> Any:
        return keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Rescaling(1 / 255),
                layers.RandomFlip(),
                layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(),
                layers.SeparableConv2D(4, 3, activation=keras.activations.gelu),
                layers.GlobalAveragePooling2D(),
                layers.Dense(3, "softmax"),
            ]
        )

    def language() -> Any:
        inputs = keras.Input((10,))
        hidden = layers.Embedding(50, 8, mask_zero=True)(inputs)
        hidden = layers.Bidirectional(layers.GRU(4, return_sequences=True))(hidden)
        hidden = layers.MultiHeadAttention(2, 4)(hidden, hidden)
        hidden = layers.LayerNormalization()(keras.ops.add(hidden, 1.0))
        return keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(hidden)))

    def text() -> Any:
        inputs = keras.Input((1,), dtype="string")
        vectors = layers.TextVectorization(vocabulary=["os.system", "eval", "http://a.example"])
        return keras.Model(inputs, vectors(inputs))

    def lookup() -> Any:
        inputs = keras.Input((1,), dtype="string")
        return keras.Model(inputs, layers.StringLookup(vocabulary=["/etc/passwd", "b"])(inputs))

    def compiled() -> Any:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(2, dtype="mixed_float16")])
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
        model.compile(keras.optimizers.AdamW(schedule), loss, ["accuracy", keras.metrics.AUC()])
        return model

    def arithmetic() -> Any:
        return keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2 + 1)])

    def custom() -> Any:
        @keras.saving.register_keras_serializable("my_package")
        class Twice(layers.Layer):
            def call(self, x: Any) -> Any:
                return x * 2

        return keras.Sequential([keras.Input((4,)), Twice()])

    plain = {"vision": vision, "language": language, "text": text, "lookup": lookup}
    models: dict[str, tuple[Callable[[], Any], str]] = {
        name: (make, "") for name, make in plain.items()
    }
    models["compiled"] = (compiled, "")
    return models | {"lambda": (arithmetic, _LAMBDA), "custom": (custom, _CUSTOM)}


def _writer(fill: Callable[[Any], object]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        import h5py

        with h5py.File(path, "w", libver="latest" if "latest" in fill.__name__ else None) as file:
            fill(file)

    return write


def _files() -> dict[str, Callable[[Any], object]]:
    def arrays(file: Any) -> None:
        file.create_dataset("x", data=[1.0, 2.0], compression="gzip", chunks=(1,))
        file.attrs["unit"] = "metres"

    def groups_latest(file: Any) -> None:
        for number in range(500):
            file.create_group(f"g{number}").attrs["n"] = str(number)

    def texts(file: Any) -> None:
        file.create_dataset("t", data=["os.system('x')", "b"])
        file["soft"] = file["t"]

    return {"arrays": arrays, "groups": groups_latest, "texts": texts}
