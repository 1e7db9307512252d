"""TFLite: structure, custom and Flex operators, files of the real converter."""

from __future__ import annotations

import io
import zipfile

import pytest
from evals.flat_tables import (
    Flat,
    Scalar,
    custom_code,
    operator,
    string_tensor,
    tensor,
    tflite,
)
from hypothesis import given
from hypothesis import strategies as st

from formats.scanning import Scanned, scan
from weighbridge.findings.model import Verdict

BUFFER = Flat({0: bytes(16)})


def one_operator(name: str, text: bytes = b"", options: bytes = b"") -> Scanned:
    """A model with one custom operator on one constant text."""
    data = string_tensor(text) if text else bytes(4)
    tensors = [tensor((1,), 5 if text else 0, 1)]
    buffers = [Flat(), Flat({0: data})]
    return scan(tflite([custom_code(name)], tensors, [operator(options=options)], buffers))


def test_plain() -> None:
    found = scan(
        tflite([Flat({3: Scalar(9)})], [tensor((4,), 0, 1)], [operator()], [Flat(), BUFFER])
    )
    assert (found.verdict, found.findings, found.gaps) == (Verdict.CLEAN, [], [])
    assert found.format == "tflite"


@pytest.mark.parametrize("name", ["FlexReadFile", "FlexWriteFile"])
@pytest.mark.parametrize("text", [b"/etc/passwd", b"../../x", b"https://192.0.2.1/x", b"C:\\x\\y"])
def test_flex_on_files(name: str, text: bytes) -> None:
    found = one_operator(name, text)
    assert found.verdict is Verdict.MALICIOUS
    assert found.effects & {"file_read", "file_write"}
    assert "tf.lite.Interpreter" in found.findings[0].loaders


def test_flex_with_a_path_in_its_options() -> None:
    assert (
        one_operator("FlexReadFile", options=b"\x0a\x08ReadFile /etc/passwd").verdict
        is Verdict.MALICIOUS
    )


def test_flex_under_another_name() -> None:
    """The delegate runs the node in the options, not what the code is called."""
    node = b"\x0a\x01n\x12\x09WriteFile"
    found = one_operator("FlexErf", options=b"\x03Erf\x00" + node)
    assert found.verdict is Verdict.SUSPICIOUS
    assert one_operator("FlexErf", b"/etc/x", options=node).verdict is Verdict.MALICIOUS


def test_flex_without_a_path_is_suspicious() -> None:
    assert one_operator("FlexWriteFile").verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize("name", ["FlexErf", "FlexTensorListReserve", "edgetpu-custom-op",
                                  "TFLite_Detection_PostProcess", "MaxUnpooling2D"])  # fmt: skip
def test_ordinary_custom_operators(name: str) -> None:
    assert one_operator(name).verdict is Verdict.CLEAN


@pytest.mark.parametrize("name", ["MyOp", "FlexMyOp", ""])
def test_unknown_custom_operators(name: str) -> None:
    assert one_operator(name).rules == {"tflite-custom-operator"}


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (
            tflite(buffers=[Flat(), Flat({1: Scalar(1 << 40, 8), 2: Scalar(64, 8)})]),
            "tflite-buffer",
        ),
        (tflite(tensors=[tensor((1 << 30, 1 << 30))]), "tflite-shape"),
        (tflite(tensors=[tensor((-7,))]), "tflite-shape"),
        (tflite(tensors=[tensor((400,), 0, 1)], buffers=[Flat(), BUFFER]), "tflite-size"),
        (tflite(tensors=[tensor((4,), 0, 9)], buffers=[Flat(), BUFFER]), "tflite-index"),
        (tflite([custom_code("RFFT2D")], [tensor()], [operator(5)]), "tflite-index"),
        (tflite([custom_code("RFFT2D")], [tensor()], [operator(0, (77,))]), "tflite-index"),
    ],
)
def test_structure(model: bytes, code: str) -> None:
    found = scan(model)
    assert found.verdict is Verdict.SUSPICIOUS
    assert [one.evidence["symbols"] for one in found.findings] == [[code]]


def test_buffers_behind_the_flatbuffer() -> None:
    short = tflite(
        [], [tensor((4,), 0, 1)], [], [Flat(), Flat({1: Scalar(8, 8), 2: Scalar(16, 8)})]
    )
    start = -(-len(short) // 16) * 16
    whole = tflite(
        [], [tensor((4,), 0, 1)], [], [Flat(), Flat({1: Scalar(start, 8), 2: Scalar(16, 8)})]
    )
    assert scan(whole + bytes(start - len(whole)) + b"\1" * 16).verdict is Verdict.CLEAN


def test_external_buffers_in_other_files() -> None:
    for name, verdict in (("weights.bin", Verdict.CLEAN), ("../../x", Verdict.MALICIOUS)):
        assert scan(tflite(f8=[Flat({0: name})])).verdict is verdict


def test_metadata_appends_a_zip() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("labels.txt", "cat\ndog\n")
    found = scan(tflite() + archive.getvalue())
    assert (found.verdict, found.findings, found.format) == (Verdict.CLEAN, [], "tflite")


def test_what_is_in_the_zip_still_counts() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("labels.txt", b"cos\nsystem\n(S'echo x'\ntR.")
    assert scan(tflite() + archive.getvalue()).verdict is Verdict.MALICIOUS


def test_other_trailing_bytes() -> None:
    assert scan(tflite() + b"\x07" * 500).verdict is not Verdict.CLEAN


WHOLE = tflite(
    [custom_code("FlexReadFile"), Flat({3: Scalar(9)})],
    [tensor((1,), 5, 1), tensor((4,), 0, 2)],
    [operator(0), operator(1, (1,))],
    [Flat(), Flat({0: string_tensor(b"/etc/passwd")}), BUFFER],
)


@given(st.integers(0, len(WHOLE) - 1))
def test_truncated(length: int) -> None:
    found = scan(WHOLE[:length])
    assert length <= 8 or found.verdict is not Verdict.CLEAN


@given(st.lists(st.tuples(st.integers(8, len(WHOLE) - 1), st.integers(0, 255)), max_size=6))
def test_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for position, value in changes:
        data[position] = value
    scan(bytes(data))


@given(st.binary(max_size=300))
def test_random_behind_the_identifier(data: bytes) -> None:
    scan(data[:4].ljust(4, b"\0") + b"TFL3" + data[4:])


@pytest.mark.frameworks
def test_converted_models() -> None:
    tf = pytest.importorskip("tensorflow", reason="tensorflow is absent")
    keras = pytest.importorskip("keras", reason="keras is absent")
    layers = keras.layers
    net = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)]
    )
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    found = scan(converter.convert())
    assert (found.verdict, found.findings, found.gaps) == (Verdict.CLEAN, [], [])
    assert found.metadata["CONVERSION_METADATA"] == tf.__version__
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    assert scan(converter.convert()).verdict is Verdict.CLEAN

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def reads(x):
        tf.io.write_file("/tmp/weighbridge-eval", tf.strings.as_string(x))
        return x + 1.0

    converter = tf.lite.TFLiteConverter.from_concrete_functions([reads.get_concrete_function()])
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    found = scan(converter.convert())
    assert found.verdict is Verdict.MALICIOUS
    assert "/tmp/weighbridge-eval" in found.findings[0].evidence["code"]
