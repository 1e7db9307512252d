"""What TensorFlow and Keras write is clean; what they are made to write is flagged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from formats.scanning import scan_file
from weighbridge.findings.model import Verdict

tf: Any = pytest.importorskip("tensorflow", reason="tensorflow is absent")
keras: Any = pytest.importorskip("keras", reason="keras is absent")
pytestmark = pytest.mark.frameworks
DATA = "variables.data-00000-of-00001"


def clean(folder: Path) -> None:
    """Every file but the raw tensors, which nothing in them identifies."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".data-" not in path.name]
    assert files
    for path in files:
        found = scan_file(path)
        assert (path.name, found.verdict, found.findings) == (path.name, Verdict.CLEAN, [])


def dense() -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.1)]
    )


def test_keras(tmp_path: Path) -> None:
    tf.saved_model.save(dense(), str(tmp_path / "saved"))
    dense().export(str(tmp_path / "exported"), verbose=False)
    clean(tmp_path)
    found = scan_file(tmp_path / "saved" / "saved_model.pb")
    assert found.format == "tensorflow-saved-model"
    assert found.metadata["tensorflow_version"] == tf.__version__


def test_more_layers(tmp_path: Path) -> None:
    layers = keras.layers
    words = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    words.adapt(["a word", "another word"])
    inputs = keras.Input((1,), dtype="string")
    outputs = layers.LSTM(3)(layers.Embedding(20, 4)(words(inputs)))
    keras.Model(inputs, outputs).export(str(tmp_path / "text"), verbose=False)
    image = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Rescaling(0.1),
            layers.Conv2D(2, 3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    image.compile("adam", "mse")
    tf.saved_model.save(image, str(tmp_path / "image"))
    clean(tmp_path)


class Table(tf.Module):
    """A vocabulary that becomes an asset."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        source = tf.lookup.TextFileInitializer(
            str(path), tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
        )  # fmt: skip
        self.table = tf.lookup.StaticHashTable(source, -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def look_up(self, x):
        tf.print("looking up", x)
        tf.debugging.assert_less(tf.size(x), 1000)
        return self.table.lookup(x)


def test_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a\nb\n")
    tf.saved_model.save(Table(tmp_path / "vocab.txt"), str(tmp_path / "model"))
    clean(tmp_path / "model")


def test_tensorflow_1(tmp_path: Path) -> None:
    old = tf.compat.v1
    with tf.Graph().as_default() as graph:
        variable = old.get_variable("v", [3])
        x = old.placeholder(tf.float32, [3], "x")
        y = x * variable
        with old.Session() as session:
            session.run(old.global_variables_initializer())
            old.saved_model.simple_save(session, str(tmp_path / "saved"), {"x": x}, {"y": y})
            old.train.Saver().save(session, str(tmp_path / "model.ckpt"))
            builder = old.saved_model.Builder(str(tmp_path / "text"))
            builder.add_meta_graph_and_variables(session, ["serve"])
            builder.save(as_text=True)
            frozen = old.graph_util.convert_variables_to_constants(
                session, graph.as_graph_def(), [y.op.name]
            )
    tf.io.write_graph(frozen, str(tmp_path), "frozen.pb", as_text=False)
    tf.io.write_graph(frozen, str(tmp_path), "frozen.pbtxt")
    clean(tmp_path)
    assert scan_file(tmp_path / "frozen.pb").format == "tensorflow-graph"
    assert scan_file(tmp_path / "model.ckpt.meta").format == "tensorflow-meta-graph"
    assert scan_file(tmp_path / "model.ckpt.index").format == "tensorflow-checkpoint-index"
    assert scan_file(tmp_path / "frozen.pbtxt").format == "tensorflow-graph"


def joined(dataset: Any) -> Any:
    return dataset.reduce("", lambda a, b: a + b)


def saved(function: Any, tmp_path: Path, **attributes: Any) -> Any:
    module = tf.Module()
    for name, value in attributes.items():
        setattr(module, name, value)
    module.f = tf.function(lambda: function(module), input_signature=[])
    tf.saved_model.save(module, str(tmp_path / "model"))
    return scan_file(tmp_path / "model" / "saved_model.pb")


@pytest.mark.parametrize(
    "function",
    [
        lambda module: tf.io.read_file("/etc/passwd"),
        lambda module: tf.io.read_file(module.path),
        lambda module: tf.io.read_file(tf.strings.join(["/etc", "passwd"], "/")),
        lambda module: tf.io.read_file(tf.io.decode_base64("L2V0Yy9wYXNzd2Q")),
        lambda module: tf.io.read_file(tf.strings.format("/etc/{}", tf.constant("passwd"))),
        lambda module: tf.cond(
            tf.random.uniform([]) > 0, lambda: tf.io.read_file("/etc/passwd"), lambda: ""
        ),
        lambda module: joined(tf.data.Dataset.from_tensors(module.path).map(tf.io.read_file)),
        lambda module: joined(tf.data.TextLineDataset("/etc/passwd")),
    ],
    ids=["literal", "captured", "join", "base64", "format", "branch", "map", "dataset"],
)  # fmt: skip
def test_reading(function: Any, tmp_path: Path) -> None:
    found = saved(function, tmp_path, path=tf.constant("/etc/passwd"))
    assert found.verdict is Verdict.MALICIOUS
    assert "file_read" in found.effects
    assert "/etc/passwd" in found.findings[0].evidence["code"]


def test_writing(tmp_path: Path) -> None:
    def write(module: Any) -> Any:
        with tf.control_dependencies([tf.io.write_file("/tmp/weighbridge-test", "x")]):
            return tf.constant(1)

    found = saved(write, tmp_path)
    assert (found.verdict, "file_write" in found.effects) == (Verdict.MALICIOUS, True)


def test_python(tmp_path: Path) -> None:
    found = saved(lambda module: tf.py_function(lambda: 1.0, [], tf.float32), tmp_path)
    assert (found.verdict, found.effects) == (Verdict.SUSPICIOUS, {"code_exec"})


def test_hidden_graph(tmp_path: Path) -> None:
    dataset = tf.data.TextLineDataset("/etc/passwd")
    graph = dataset._as_serialized_graph().numpy()

    def hidden(module: Any) -> Any:
        variant = tf.raw_ops.DatasetFromGraph(graph_def=graph)
        return tf.raw_ops.DatasetCardinality(input_dataset=variant)

    assert saved(hidden, tmp_path).verdict is Verdict.MALICIOUS


def test_weights_are_not_read(tmp_path: Path) -> None:
    weights = tf.constant(b"x" * 30_000_000)
    with tf.Graph().as_default() as graph:
        tf.identity(tf.constant(weights.numpy()))
        tf.constant([[1.0] * 2000] * 2000) + 1.0
    path = tmp_path / "frozen.pb"
    path.write_bytes(graph.as_graph_def().SerializeToString())
    found = scan_file(path)
    assert found.verdict is Verdict.CLEAN
    assert found.bytes_read < 2_000_000 < path.stat().st_size
