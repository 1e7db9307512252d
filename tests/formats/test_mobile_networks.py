"""MNN, RKNN and the binary form of ncnn: networks for phones that name little and carry numbers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from evals.flat_tables import Flat
from evals.mobile_networks import EXTRA, PLAIN, PLUGIN, layer, mnn, ncnn, operator, rknn
from evals.protobufs import onnx_graph, onnx_model, onnx_node, onnx_tensor
from hypothesis import given
from hypothesis import strategies as st
from scanning import scan

from weighbridge.findings.model import Kind, Verdict

TRAP = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."


@pytest.mark.parametrize("name", PLAIN)
def test_plain_networks_are_clean(name: str) -> None:
    report = scan(PLAIN[name])
    assert (report.verdict, report.format) == (Verdict.CLEAN, name)


@pytest.mark.parametrize(("kind", "word"), [(PLUGIN, "plugins"), (EXTRA, "application")])
def test_operators_of_the_application_are_a_weakness(kind: int, word: str) -> None:
    report = scan(mnn(operator(kind, main=Flat({0: "my_op"}))))
    (found,) = report.findings
    assert report.verdict is Verdict.WEAKNESS
    assert word in found.title and "my_op" in str(found.evidence)


def test_a_model_of_rknn_is_clean_whose_operators_are_its_runtime_s() -> None:
    report = scan(rknn())
    assert (report.verdict, report.format) == (Verdict.CLEAN, "rknn")
    (found,) = scan(rknn("cstSoftmax", "cstTwo")).findings
    assert (found.rule, found.kind) == ("host-code", Kind.WEAKNESS)
    assert found.evidence["symbols"] == ["cstSoftmax", "cstTwo"]


def test_what_stands_behind_or_inside_a_model_of_rknn() -> None:
    assert scan(rknn(behind=TRAP)).verdict is Verdict.MALICIOUS
    assert scan(rknn(behind=bytes(range(64)))).verdict is not Verdict.CLEAN
    assert scan(rknn().replace(bytes(200), TRAP.ljust(200, b"\0"), 1)).verdict is Verdict.MALICIOUS


def test_no_truncated_model_of_rknn_is_clean() -> None:
    data = rknn("cstSoftmax")
    for size in range(24, len(data)):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


def test_a_model_of_onnx_behind_the_mark_of_rknn_is_read_too() -> None:
    """To protobuf `RK` is the start of a field that it passes over, of 75 bytes."""
    escape = onnx_tensor(location="../../../../etc/passwd")
    graph = onnx_model(onnx_graph((onnx_node("Relu"),), (escape,)))
    head = b"RKNN\0\0\0\0" + (6).to_bytes(8, "little")
    assert "external-data-escape" in scan(head.ljust(77, b"\0") + graph).rules
    assert "external-data-escape" in scan(b"ML\xefR\0" + graph).rules


def test_another_layout_of_rknn_is_named_and_not_judged() -> None:
    report = scan(b"RKNN\0\0\0\0\x07" + rknn()[9:])
    assert (report.verdict, report.format) == (Verdict.INCONCLUSIVE, "rknn")


def test_weights_outside_the_model_s_folder() -> None:
    report = scan(mnn(operator(path="/etc/passwd")))
    assert report.rules == {"external-data-escape"}
    assert scan(mnn(operator(path="weights.bin"))).verdict is Verdict.CLEAN


def test_tensors_that_are_not_there() -> None:
    report = scan(mnn(operator(inputs=(7,))))
    assert report.verdict is Verdict.SUSPICIOUS
    assert scan(mnn(operator(inputs=(-1, 0)))).verdict is Verdict.CLEAN


@pytest.mark.parametrize("first", [-1, 2, 1 << 30])
def test_blobs_of_ncnn_that_are_not_there(first: int) -> None:
    report = scan(ncnn(layer(), layer(5, 1, 0, 8, first=first)))
    assert (report.verdict, report.rules) == (Verdict.SUSPICIOUS, {"graph-structure"})


def test_a_setting_of_ncnn_below_nought() -> None:
    assert scan(ncnn(layer(16, 0, -7, 1))).rules == {"graph-structure"}
    text = b"7767517\n1 1\nInput data 0 1 data %s\n"
    assert scan(text % b"-7=1").rules == {"graph-structure"}
    assert scan(text % b"-23330=2,1,1 0=4").verdict is Verdict.CLEAN


def test_a_layer_of_ncnn_that_the_application_registers() -> None:
    (found,) = scan(ncnn(layer(256 + 3))).findings
    assert (found.rule, found.kind) == ("host-code", Kind.WEAKNESS)
    text = b"7767517\n2 2\nInput data 0 1 data\n%s f 1 1 data out\n"
    (found,) = scan(text % b"YoloV5Focus").findings
    assert (found.rule, found.evidence["symbols"]) == ("host-code", ["YoloV5Focus"])
    assert scan(text % b"ReLU").verdict is Verdict.CLEAN
    assert scan(text % b"nn.Conv2d").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "layers",
    [
        "Input data 0 1 data\nSplit s 1 2 data a b\nConcat c 2 1 a b d",
        "Input data 0 1 data\nReLU r 1 1 other out\nReLU s 1 1 third last",
        "Input data 0 9 data",
        "Input data 0 1 0=4",
    ],
)
def test_more_blobs_of_ncnn_than_there_is_room_for(layers: str) -> None:
    count = layers.count("\n") + 1
    report = scan(f"7767517\n{count} 3\n{layers}\n".encode())
    assert (report.verdict, report.rules) == (Verdict.SUSPICIOUS, {"graph-structure"})


def test_weights_beside_the_model_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "m.mnn").write_bytes(PLAIN["mnn"])
    (tmp_path / "m.mnn.weight").write_bytes(bytes(range(251)) * 9)
    from weighbridge import scan as scan_folder

    assert scan_folder(tmp_path).verdict is Verdict.CLEAN
    (tmp_path / "m.mnn.weight").write_bytes(TRAP)
    assert scan_folder(tmp_path).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("name", PLAIN)
def test_what_follows_a_network_is_examined(name: str) -> None:
    assert scan(PLAIN[name] + TRAP).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("name", PLAIN)
def test_a_network_that_breaks_off_is_not_clean(name: str) -> None:
    for size in range(9, len(PLAIN[name]), 7):
        assert scan(PLAIN[name][:size]).verdict is not Verdict.CLEAN, size


@given(st.data())
def test_any_change_of_bytes_is_answered(data: st.DataObject) -> None:
    content = bytearray(PLAIN[data.draw(st.sampled_from(sorted(PLAIN)))])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert scan(bytes(content)).verdict in Verdict


@pytest.mark.frameworks
def test_files_of_the_real_converter(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("MNN")
    numpy = pytest.importorskip("numpy")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = onnx.numpy_helper.from_array(numpy.ones((8, 3, 3, 3), "f4"), "w")
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"]), helper.make_node("Relu", ["y"], ["z"])]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("z", kind, [1, 8, 14, 14])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    convert = "import sys; from MNN.tools.mnnconvert import main; sys.exit(main())"
    for name, more in {"m.mnn": [], "e.mnn": ["--saveExternalData"]}.items():
        words = f"-f ONNX --modelFile m.onnx --MNNModel {name} --bizCode biz".split()
        subprocess.run(
            [sys.executable, "-c", convert, *words, *more],
            cwd=tmp_path, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    from weighbridge import scan as scan_folder

    report = scan_folder(tmp_path)
    assert report.verdict is Verdict.CLEAN
    assert {file.path: file.format for file in report.files}["m.mnn"] == "mnn"
