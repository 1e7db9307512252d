"""The tables of operators: complete, sorted, and what the libraries themselves say."""

import pytest

from weighbridge.tables import onnx_domains, reader, tensorflow, tflite
from weighbridge.tables.effects import effects

TABLES = {
    "onnx_domains.tsv": onnx_domains.OnnxOperators.__slots__,
    "tensorflow_operators.tsv": tensorflow.TensorFlowOperator.__slots__,
    "tensorflow_registry.tsv": ("initial", "names", "source", "reason"),
    "tflite_custom.tsv": ("name", "source", "reason"),
}
JUDGES = {"path", "saver", "table", "address", "stream", "always", "possible", "graph"}


@pytest.mark.parametrize("filename", TABLES)
def test_rows_are_sorted_and_complete(filename):
    rows = reader.rows(filename, *TABLES[filename])
    width = 2 if filename == "onnx_domains.tsv" else 1
    keys = [row[:width] for row in rows]
    assert keys == sorted(set(keys))
    assert all(cell == cell.strip() for row in rows for cell in row)


def test_vocabularies():
    for row in reader.rows("tensorflow_operators.tsv", *TABLES["tensorflow_operators.tsv"]):
        one = tensorflow.operator(row[0])
        assert one is not None and one.effect in effects() and one.judge in JUDGES
        assert tensorflow.registered(one.name)
    for row in reader.rows("onnx_domains.tsv", *TABLES["onnx_domains.tsv"]):
        one = onnx_domains.OnnxOperators(*row)
        assert one.kind in {"ordinary", "suspicious", "malicious"}
        assert one.effect == "none" if one.kind == "ordinary" else one.effect in effects()


def test_the_most_exact_row_counts():
    found = onnx_domains.onnx_operator
    assert found("ai.onnx.contrib", "PyOp").kind == "malicious"
    assert found("ai.onnx.contrib", "PyCustomOpDef").kind == "malicious"
    assert found("ai.onnx.contrib", "BertTokenizer").kind == "ordinary"
    assert found("", "PyOp").kind == "ordinary"
    assert found("pkg.torch.2.6.0.nn", "Linear").kind == "ordinary"
    assert found("pkg", "Linear") is None
    assert tflite.ordinary_custom("edgetpu-custom-op")


@pytest.mark.frameworks
def test_operands_are_those_of_the_installed_tensorflow():
    pytest.importorskip("tensorflow", reason="tensorflow is absent")
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session as session

    operators = op_def_pb2.OpList()
    operators.ParseFromString(session.TF_GetBuffer(session.TF_GetAllOpList()))
    known = {one.name: one for one in operators.op}
    for row in reader.rows("tensorflow_operators.tsv", *TABLES["tensorflow_operators.tsv"]):
        one = tensorflow.TensorFlowOperator(*row)
        definition = known.get(one.name)
        if definition is None or one.operands == "none":
            continue
        for operand in one.operands.split(","):
            if operand.startswith("@"):
                assert operand[1:] in {attribute.name for attribute in definition.attr}, row
            else:
                number, _, name = operand.lstrip("+").partition(":")
                assert definition.input_arg[int(number)].name == name, row
