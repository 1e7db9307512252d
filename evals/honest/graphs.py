"""Graphs that ONNX, skl2onnx, Keras and TensorFlow write."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("numpy", "onnx", "skl2onnx", "sklearn", "tensorflow", "keras")


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    yield from _onnx()
    yield from _estimators()
    with tempfile.TemporaryDirectory(prefix="weighbridge-eval-") as name:
        folder = Path(name)
        _keras(folder)
        _tables(folder)
        _old(folder)
        for path in sorted(folder.rglob("*")):
            # Raw tensors hold nothing by which they could be known.
            if path.is_file() and ".data-" not in path.name:
                title = "-".join(path.relative_to(folder).parts)
                yield Honest(f"tf-{title}", "TensorFlow", path.read_bytes(), file=path.name)
    yield from _tflite()


def _onnx() -> Iterator[Honest]:
    import numpy as np
    from onnx import TensorProto, external_data_helper, helper, numpy_helper, parser

    tensor = numpy_helper.from_array(np.ones((32, 16), "float32"), "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 32])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 16])
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], [tensor]))
    yield Honest("onnx-plain", "ONNX", model.SerializeToString(), file="model.onnx")
    helper.set_model_props(model, {"author": "nobody", "blob": "QUJD" * 2000})
    yield Honest("onnx-properties", "ONNX", model.SerializeToString(), file="model.onnx")
    one = model.graph.initializer[0]
    external_data_helper.set_external_data(one, "model.onnx.data", 0, 2048, "0" * 40)
    one.ClearField("raw_data")
    yield Honest("onnx-external", "ONNX", model.SerializeToString(), file="model.onnx")
    text = """
    <ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    agraph (float[N] x, bool c) => (float[N] y) {
      z = local.twice (x)
      y = If (c) <then_branch = a () => (float[N] p) { p = Identity (z) },
                  else_branch = b () => (float[N] q) { q = Neg (z) }>
    }
    <domain: "local", opset_import: ["" : 17]>
    twice (x) => (y) { y = Add (x, x) }
    """
    yield Honest("onnx-functions", "ONNX", parser.parse_model(text).SerializeToString())
    for domain, op in (("com.microsoft", "Attention"), ("trt.plugins", "EfficientNMS_TRT")):
        node = helper.make_node(op, ["x"], ["y"], domain=domain)
        made = helper.make_model(helper.make_graph([node], "g", [x], [y]))
        yield Honest(f"onnx-{domain}", "ONNX", made.SerializeToString(), file="model.onnx")


def _estimators() -> Iterator[Honest]:
    import numpy as np
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    for estimator in (
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(10),
        GradientBoostingRegressor(n_estimators=10),
        MLPClassifier((4,), max_iter=20),
    ):
        shape = [("x", FloatTensorType([None, 4]))]
        made = skl2onnx.convert_sklearn(estimator.fit(x, y), initial_types=shape)
        name = f"onnx-{type(estimator).__name__}"
        yield Honest(name, "ONNX", made.SerializeToString(), file="model.onnx")


def _net() -> Any:
    import keras

    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(),
         layers.Dropout(0.1), layers.Flatten(), layers.Dense(3)]
    )  # fmt: skip


def _keras(folder: Path) -> None:
    import keras
    import tensorflow as tf

    layers = keras.layers
    tf.saved_model.save(_net(), str(folder / "keras-saved"))
    _net().export(str(folder / "keras-exported"), verbose=False)
    words = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    words.adapt(["a word", "another word"])
    inputs = keras.Input((1,), dtype="string")
    outputs = layers.LSTM(3)(layers.Embedding(20, 4)(words(inputs)))
    keras.Model(inputs, outputs).export(str(folder / "keras-text"), verbose=False)


def _tables(folder: Path) -> None:
    import tensorflow as tf

    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("a\nb\n")

    class Table(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            index = tf.lookup.TextFileIndex
            source = tf.lookup.TextFileInitializer(
                str(vocabulary), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
            )
            self.table = tf.lookup.StaticHashTable(source, -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def look_up(self, x: Any) -> Any:
            tf.print("looking up", x)
            tf.debugging.assert_less(tf.size(x), 1000)
            return self.table.lookup(x)

    tf.saved_model.save(Table(), str(folder / "table"))


def _old(folder: Path) -> None:
    import tensorflow as tf

    old = tf.compat.v1
    with tf.Graph().as_default() as graph:
        variable = old.get_variable("v", [3])
        x = old.placeholder(tf.float32, [3], "x")
        y = x * variable
        with old.Session() as session:
            session.run(old.global_variables_initializer())
            old.saved_model.simple_save(session, str(folder / "tf1"), {"x": x}, {"y": y})
            old.train.Saver().save(session, str(folder / "model.ckpt"))
            builder = old.saved_model.Builder(str(folder / "tf1-text"))
            builder.add_meta_graph_and_variables(session, ["serve"])
            builder.save(as_text=True)
            frozen = old.graph_util.convert_variables_to_constants(
                session, graph.as_graph_def(), [y.op.name]
            )
    tf.io.write_graph(frozen, str(folder), "frozen.pb", as_text=False)
    tf.io.write_graph(frozen, str(folder), "frozen.pbtxt")


def _tflite() -> Iterator[Honest]:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(_net())
    yield Honest("tflite-plain", "TFLite", converter.convert(), file="model.tflite")
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    yield Honest("tflite-quantised", "TFLite", converter.convert(), file="model.tflite")
