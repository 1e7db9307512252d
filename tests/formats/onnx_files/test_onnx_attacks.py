"""Attacks on ONNX loaders: each with its hit, its near miss and its honest twin."""

from __future__ import annotations

import pytest
from evals.protobufs import message, onnx_graph, onnx_model, onnx_node, onnx_tensor

from formats.scanning import scan
from weighbridge.findings.model import Verdict

RELU = onnx_node("Relu")


def external(**entries: object) -> bytes:
    return onnx_model(onnx_graph((RELU,), (onnx_tensor(**entries),)))


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd", "../../etc/passwd", "a/../../x", "..\\x", "C:\\Windows\\x", "C:/x",
        "//host/x", "\\\\host\\share", "http://192.0.2.1/x", "file:///etc/passwd",
        "s3://bucket/x", "a\0b",
        "*/_ORT_MEM_ADDR_/*",
    ],
)  # fmt: skip
def test_locations_outside_the_folder(location: str) -> None:
    found = scan(external(location=location, offset=0, length=8))
    assert found.verdict is Verdict.MALICIOUS
    assert found.rules == {"external-data-escape"}
    assert "onnx.load" in found.findings[0].loaders


@pytest.mark.parametrize(
    "location", ["model.onnx.data", "weights/part-1.bin", "a..b", "./w", "x:y"]
)
def test_locations_in_the_folder(location: str) -> None:
    found = scan(external(location=location, offset=0, length=8, checksum="0" * 40))
    assert (found.verdict, found.findings) == (Verdict.CLEAN, [])


@pytest.mark.parametrize(
    "entries",
    [
        {"location": "w", "__class__": "x"},
        {"location": "w", "info": "x"},
        {"location": "w", "offset": -8, "length": 8},
        {"location": "w", "offset": 0, "length": 1 << 52},
        {"location": "w", "offset": "0x10"},
        {"location": "w", "length": "9" * 400},
    ],
)
def test_forged_entries(entries: dict[str, object]) -> None:
    assert scan(external(**entries)).verdict is Verdict.MALICIOUS


def test_prepacked_weights_are_ordinary() -> None:
    assert (
        scan(external(location="w", offset=0, length=8, prepacked_0="k|8;16")).verdict
        is Verdict.CLEAN
    )


def places(node: bytes, tensor: bytes | None = None) -> dict[str, bytes]:
    """The same node in every place that a runtime looks at."""
    body = onnx_graph((node,), (tensor,) if tensor else ())
    branch = onnx_node("If", "", message((1, "then_branch"), (6, body), (20, 5)))
    deep = onnx_node("Loop", "", message((1, "body"), (6, onnx_graph((branch,))), (20, 5)))
    function = message((1, "f"), (7, node), (9, message((1, ""), (2, 17))), (10, "local"))
    return {
        "graph": onnx_model(body),
        "branch": onnx_model(onnx_graph((branch,))),
        "nested": onnx_model(onnx_graph((deep,))),
        "graphs": onnx_model(
            onnx_graph((onnx_node("X", "", message((1, "g"), (11, body), (20, 10))),))
        ),
        "function": onnx_model(onnx_graph((onnx_node("f", "local"),)), (25, function)),
        "training": onnx_model(onnx_graph((RELU,)), (20, message((1, body)))),
        "algorithm": onnx_model(onnx_graph((RELU,)), (20, message((2, body)))),
        "graph-first": message((7, body), (1, 8), (8, message((2, 17)))),
        "two-graphs": message((1, 8), (7, body), (7, onnx_graph((RELU,))), (8, message((2, 17)))),
        "no-opset": message((1, 8), (7, body)),
    }


@pytest.mark.parametrize("place", list(places(RELU)))
@pytest.mark.parametrize(
    ("domain", "op", "verdict"),
    [
        ("ai.onnx.contrib", "PyOp", Verdict.MALICIOUS),
        ("ai.onnx.contrib", "PyCustomOpDef_reverse", Verdict.MALICIOUS),
        ("com.microsoft", "PythonOp", Verdict.SUSPICIOUS),
        ("com.microsoft", "PythonOpGrad", Verdict.SUSPICIOUS),
    ],
)
def test_python_operators(place: str, domain: str, op: str, verdict: Verdict) -> None:
    found = scan(places(onnx_node(op, domain))[place])
    assert found.verdict is verdict
    assert found.effects == {"code_exec"}


@pytest.mark.parametrize(
    ("domain", "op"),
    [("", "PyOp"), ("com.microsoft", "PyOp"), ("ai.onnx.contrib", "BertTokenizer"), ("", "Relu"),
     ("com.microsoft", "Attention"), ("org.pytorch.aten", "ATen"),
     ("trt.plugins", "EfficientNMS_TRT"), ("pkg.onnxscript.torch_lib.common", "Rank"),
     ("ai.onnx.ml", "TreeEnsembleClassifier")],
)  # fmt: skip
def test_ordinary_operators(domain: str, op: str) -> None:
    found = scan(places(onnx_node(op, domain))["graph"])
    assert (found.verdict, found.findings) == (Verdict.CLEAN, [])


def test_names_in_weights_are_no_operators() -> None:
    raw = b"PyOp ai.onnx.contrib PythonOp"
    tensor = message((1, len(raw)), (2, 3), (8, "PyOp"), (9, raw))
    assert scan(onnx_model(onnx_graph((RELU,), (tensor,)))).verdict is Verdict.CLEAN


def test_unknown_domain_is_a_weakness() -> None:
    found = scan(places(onnx_node("Magic", "my.company"))["nested"])
    assert found.verdict is Verdict.WEAKNESS
    assert found.rules == {"custom-operator"}


def test_external_data_in_attributes_and_sparse_tensors() -> None:
    tensor = onnx_tensor(location="../x")
    constant = onnx_node("Constant", "", message((1, "value"), (5, tensor), (20, 4)))
    for model in places(constant).values():
        assert scan(model).rules == {"external-data-escape"}
    sparse = message((1, "g"), (22, message((1, tensor), (3, 4))), (20, 11))
    assert scan(places(onnx_node("Constant", "", sparse))["graph"]).rules == {
        "external-data-escape"
    }
    graph = onnx_graph((RELU,)) + message((15, message((2, tensor))))
    assert scan(onnx_model(graph)).rules == {"external-data-escape"}


@pytest.mark.parametrize(
    ("dims", "raw", "code"),
    [
        ((1 << 40, 1 << 40), b"", "onnx-tensor-absurd"),
        ((-1, 4), bytes(16), "onnx-tensor-shape"),
        ((4,), bytes(8), "onnx-tensor-size"),
        ((1,) * 200, bytes(4), "onnx-tensor-shape"),
    ],
)
def test_absurd_shapes(dims: tuple[int, ...], raw: bytes, code: str) -> None:
    found = scan(onnx_model(onnx_graph((RELU,), (onnx_tensor(dims=dims, raw=raw),))))
    assert found.verdict is Verdict.SUSPICIOUS
    assert found.findings[0].evidence["symbols"] == [code]


@pytest.mark.parametrize("dims", [(), (0,), (0, 5)])
def test_small_shapes(dims: tuple[int, ...]) -> None:
    raw = bytes(4) if dims == () else b""
    assert (
        scan(onnx_model(onnx_graph((RELU,), (onnx_tensor(dims=dims, raw=raw),)))).verdict
        is Verdict.CLEAN
    )


def test_two_formats_at_once() -> None:
    node = message((1, "n"), (2, "ReadFile"))
    found = scan(onnx_model(onnx_graph((RELU,)), (1, node)))
    assert "graph-structure" in found.rules


def test_a_producer_may_tell_of_its_build_in_lines() -> None:
    told = "Git info:\n    Commit: b1bd2a6\n    Branch: tags/v1.2.10\n" * 12
    assert scan(onnx_model(onnx_graph((RELU,)), (3, told))).findings == []
    hidden = scan(onnx_model(onnx_graph((RELU,)), (3, "a\0b")))
    assert "graph-structure" in hidden.rules


def test_metadata() -> None:
    entry = message((1, "author"), (2, "hf_" + "a1" * 17))
    found = scan(onnx_model(onnx_graph((RELU,)), (3, "1.2"), (14, entry)))
    assert found.metadata["ir_version"] == "8"
    assert found.metadata["producer_name"] == "weighbridge-test"
    assert found.metadata["opset_import ai.onnx"] == "17"
    assert "masked" in found.metadata["metadata_props author"]


def test_cut_off_keeps_what_was_found() -> None:
    whole = places(onnx_node("PyOp", "ai.onnx.contrib"))["graph"]
    found = scan(whole + b"\x42\x7f")
    assert found.verdict is Verdict.MALICIOUS
    assert found.gaps == ["malformed-protobuf-length"]


def test_nesting_is_bounded() -> None:
    body = onnx_graph((RELU,))
    for _ in range(60):
        body = onnx_graph((onnx_node("If", "", message((1, "then_branch"), (6, body))),))
    assert scan(onnx_model(body)).gaps == ["limit-protobuf-depth"]


def compiled(path, *modes):
    """A node that stands for what a backend compiled, in a file or in itself."""
    numbers = (message((1, "embed_mode"), (3, mode), (20, 2)) for mode in modes)
    text = message((1, "ep_cache_context"), (4, path), (20, 3))
    node = onnx_node("EPContext", "com.microsoft", *numbers, text)
    return onnx_model(onnx_graph((node,)), opset=("com.microsoft", 1))


@pytest.mark.parametrize("path", ["../../other/context.bin", "/etc/passwd"])
def test_what_a_backend_compiled_stands_in_the_folder(path):
    for modes in ((0,), (1, 0), (0, 1)):
        assert "path-escape" in scan(compiled(path, *modes)).rules, modes
    assert "path-escape" not in scan(compiled("model_ctx.bin", 0)).rules


def test_what_a_backend_compiled_may_be_any_bytes_in_the_model():
    for modes in ((), (1,)):
        assert "path-escape" not in scan(compiled("/../" + "x" * 50, *modes)).rules
