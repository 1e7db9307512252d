"""Models that onnx and skl2onnx write are clean, and read without their tensors."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from formats.scanning import scan, scan_file
from weighbridge.findings.model import Verdict

np = pytest.importorskip("numpy", reason="numpy is absent")
onnx = pytest.importorskip("onnx", reason="onnx is absent")
pytestmark = pytest.mark.frameworks


def model(weights: Any, name: str = "net") -> Any:
    from onnx import TensorProto, helper, numpy_helper

    tensor = numpy_helper.from_array(weights, "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, weights.shape[0]])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, weights.shape[1]])
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    graph = helper.make_graph(nodes, name, [x], [y], [tensor])
    return helper.make_model(graph, producer_name="weighbridge-test")


def clean(data: bytes) -> None:
    found = scan(data)
    assert (found.verdict, found.findings, found.gaps) == (Verdict.CLEAN, [], [])
    assert found.format == "onnx"


def test_plain() -> None:
    clean(model(np.ones((3, 4), "float32")).SerializeToString())


def test_every_type_of_tensor() -> None:
    from onnx import TensorProto, helper

    tensors = []
    for name, kind in TensorProto.DataType.items():
        if name in ("UNDEFINED", "STRING"):
            continue
        value = [1 + 0j, 0j, 1j] if name.startswith("COMPLEX") else [1, 0, 1]
        with contextlib.suppress(ValueError, TypeError, NotImplementedError):
            tensors.append(helper.make_tensor(f"typed-{name}", kind, [3], value))
            array = onnx.numpy_helper.to_array(tensors[-1])
            tensors.append(onnx.numpy_helper.from_array(array, f"raw-{name}"))
    tensors.append(helper.make_tensor("s", TensorProto.STRING, [2], [b"a", b"b"]))
    assert len(tensors) > 20
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [], [], tensors)
    clean(helper.make_model(graph).SerializeToString())


def test_subgraphs_functions_and_metadata() -> None:
    from onnx import helper, parser

    text = """
    <ir_version: 8, opset_import: ["" : 17, "local" : 1], metadata_props: ["author": "nobody"]>
    agraph (float[N] x, bool c) => (float[N] y) {
      z = local.twice (x)
      y = If (c) <then_branch = g1 () => (float[N] a) { a = Identity (z) },
                  else_branch = g2 () => (float[N] b) { b = Neg (z) }>
    }
    <domain: "local", opset_import: ["" : 17]>
    twice (x) => (y) { y = Add (x, x) }
    """
    made = parser.parse_model(text)
    helper.set_model_props(made, {"blob": "QUJD" * 500})
    clean(made.SerializeToString())


def test_external_data_in_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(
        model(np.ones((64, 64), "float32")), path, save_as_external_data=True, size_threshold=0
    )
    clean(path.read_bytes())


def test_external_data_elsewhere_by_the_library(tmp_path: Path) -> None:
    made = model(np.ones((64, 64), "float32"))
    onnx.external_data_helper.set_external_data(
        made.graph.initializer[0], "../outside.bin", 0, 16384
    )
    assert scan(made.SerializeToString()).verdict is Verdict.MALICIOUS


def test_tensors_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.onnx"
    data = model(np.ones((5_000, 5_000), "float32")).SerializeToString()
    path.write_bytes(data)
    found = scan_file(path)
    assert found.verdict is Verdict.CLEAN
    assert found.bytes_read < 1_000_000 < len(data)


def test_huge_model_with_external_data(tmp_path: Path) -> None:
    """The structure of a model of 50 GB is small, whatever stands beside it."""
    from onnx import TensorProto, helper

    tensors, nodes = [], []
    for number in range(600):
        tensor = TensorProto(name=f"w{number}", dims=[4096, 5000], data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        size = 4096 * 5000 * 4
        entries = {"location": "model.onnx.data", "offset": number * size, "length": size}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        tensors.append(tensor)
        nodes.append(helper.make_node("MatMul", [f"h{number}", f"w{number}"], [f"h{number + 1}"]))
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [], [], tensors)), path)
    started = time.process_time()
    found = scan_file(path)
    assert found.verdict is Verdict.CLEAN
    assert time.process_time() - started < 0.5
    assert found.bytes_read < 20_000_000


def test_sparse_file_of_many_gigabytes(tmp_path: Path) -> None:
    """An initialiser is skipped by its length, even if it is 50 GB."""
    from evals.protobufs import message, onnx_graph, onnx_node, varint

    size = 50 << 30
    head = message((1, size // 4), (2, 1), (8, "w")) + varint(9 << 3 | 2) + varint(size)
    tensor = varint(5 << 3 | 2) + varint(len(head) + size) + head
    graph = onnx_graph((onnx_node("Relu"),))
    prefix = message((1, 8), (8, message((2, 17)))) + varint(7 << 3 | 2)
    prefix += varint(len(graph) + len(tensor) + size) + graph + tensor
    path = tmp_path / "big.onnx"
    with path.open("wb") as file:
        file.write(prefix)
        os.truncate(file.fileno(), len(prefix) + size) if not file.flush() else None
    started = time.process_time()
    found = scan_file(path)
    assert (found.verdict, found.format) == (Verdict.CLEAN, "onnx")
    assert time.process_time() - started < 0.5
    assert found.bytes_read < 1_000_000


def test_scikit_learn() -> None:
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is absent")
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    generator = np.random.default_rng(0)
    x = generator.normal(size=(80, 4)).astype("float32")
    y = (x[:, 0] > 0).astype(int)
    for estimator in (
        LogisticRegression(),
        make_pipeline(StandardScaler(), SVC(probability=True)),
        RandomForestClassifier(20),
        GradientBoostingClassifier(n_estimators=10),
    ):
        shape = [("x", FloatTensorType([None, 4]))]
        made = skl2onnx.convert_sklearn(estimator.fit(x, y), initial_types=shape)
        clean(made.SerializeToString())
    words = [["a word"], ["and another word"]] * 10
    vectorizer = TfidfVectorizer().fit([one[0] for one in words])
    made = skl2onnx.convert_sklearn(vectorizer, initial_types=[("x", StringTensorType([None, 1]))])
    clean(made.SerializeToString())


def test_saved_text_of_another_message_is_not_claimed() -> None:
    from onnx import helper

    graph = model(np.ones((2, 2), "float32")).graph
    assert scan(graph.SerializeToString()).format != "onnx"
    assert scan(helper.make_node("Relu", ["x"], ["y"]).SerializeToString()).format != "onnx"
