"""Attacks through TensorFlow graphs: each with its hit, its near miss and its honest twin."""

from __future__ import annotations

import base64
import json
import marshal

import pytest
from evals.protobufs import (
    message,
    tf_const,
    tf_function,
    tf_graph,
    tf_meta_graph,
    tf_node,
    tf_saved_model,
)

from formats.scanning import scan
from weighbridge.findings.model import Verdict

FOREIGN = "/etc/passwd"
ADD = tf_node("sum", "AddV2", "x", "y")


def files(graph: bytes) -> dict[str, bytes]:
    """One graph in every kind of file."""
    return {
        "frozen": graph,
        "meta": tf_meta_graph(graph),
        "saved": tf_saved_model(tf_meta_graph(graph)),
        "second": tf_saved_model(tf_meta_graph(tf_graph(ADD)), tf_meta_graph(graph)),
        "version-last": message((2, tf_meta_graph(graph)), (1, 1)),
    }


def places(*nodes: bytes) -> dict[str, bytes]:
    """The same nodes in every place that TensorFlow runs."""
    function = tf_function("__inference_f_1", (), *nodes)
    called = tf_function("inner", (), *nodes)
    outer = tf_function(
        "outer", (), tf_node("c", "PartitionedCall", f=message((10, message((1, "inner")))))
    )
    graph = tf_graph(ADD, functions=(outer, called))
    return {
        **files(tf_graph(ADD, *nodes)),
        "function": tf_saved_model(tf_meta_graph(tf_graph(ADD, functions=(function,)))),
        "nested": tf_saved_model(tf_meta_graph(graph)),
        "only-functions": tf_graph(functions=(function,)),
    }


READ = (tf_const("path", FOREIGN), tf_node("read", "ReadFile", "path"))


@pytest.mark.parametrize("place", list(places(ADD)))
@pytest.mark.parametrize(
    ("op", "index", "effect"),
    [
        ("ReadFile", 0, "file_read"), ("WriteFile", 0, "file_write"),
        ("MatchingFiles", 0, "file_read"), ("TFRecordDataset", 0, "file_read"),
        ("TextLineDataset", 0, "file_read"), ("SaveDataset", 1, "file_write"),
        ("SnapshotDatasetV2", 1, "file_write"), ("MergeV2Checkpoints", 1, "file_write"),
        ("SaveV2", 0, "file_write"), ("RestoreV2", 0, "file_read"),
        ("CreateSummaryFileWriter", 1, "file_write"), ("SqlDataset", 1, "file_read"),
        ("DatasetToTFRecord", 1, "file_write"), ("LoadAndRemapMatrix", 0, "file_read"),
    ],
)  # fmt: skip
def test_files_outside(place: str, op: str, index: int, effect: str) -> None:
    inputs = ["other"] * index + ["path"]
    nodes = (tf_const("other", "x"), tf_const("path", FOREIGN), tf_node("n", op, *inputs))
    found = scan(places(*nodes)[place])
    assert found.verdict is Verdict.MALICIOUS
    assert effect in found.effects
    assert FOREIGN in found.findings[0].evidence["code"]
    assert found.findings[0].loaders


@pytest.mark.parametrize(
    "path",
    ["/root/.bashrc", "../../x", "a/../../x", "file:///x", "gs://bucket/x", "s3://b/x", "hdfs://h/x",
     "http://192.0.2.1/x", "https://192.0.2.1/x", "C:\\x", "\\\\host\\share", "//host/x"],
)  # fmt: skip
def test_foreign_paths(path: str) -> None:
    found = scan(tf_graph(tf_const("path", path), tf_node("n", "WriteFile", "path", "path")))
    assert found.verdict is Verdict.MALICIOUS
    assert ("network" in found.effects) == (
        path.split(":")[0] in ("gs", "s3", "hdfs", "http", "https")
    )


@pytest.mark.parametrize("path", ["vocab.txt", "assets/vocab.txt", "a..b", "ram://x"])
def test_paths_inside_are_a_weakness(path: str) -> None:
    assert (
        scan(tf_graph(tf_const("path", path), tf_node("n", "ReadFile", "path"))).verdict
        is Verdict.WEAKNESS
    )


def test_content_that_looks_like_a_path_is_no_path() -> None:
    nodes = (tf_const("p", "out.txt"), tf_const("c", FOREIGN), tf_node("n", "WriteFile", "p", "c"))
    assert scan(tf_graph(*nodes)).verdict is Verdict.WEAKNESS


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def text_attribute(value: str) -> bytes:
    return message((2, value))


SLASH = text_attribute("/")
CONSTANTS = (tf_const("a", "/etc"), tf_const("b", "/passwd"), tf_const("e", encoded(FOREIGN)))
BUILT = {
    "identity": (tf_node("path", "Identity", "a"),),
    "content": (tf_const("path", FOREIGN, content=True),),
    "join": (tf_node("path", "StringJoin", "a", "b"),),
    "separator": (tf_const("s", ""), tf_node("path", "StringJoin", "s", "a", separator=SLASH)),
    "plus": (tf_node("path", "AddV2", "a", "b"),),
    "base64": (tf_node("path", "DecodeBase64", "e"),),
    "format": (tf_node("path", "StringFormat", "b", template=text_attribute("/etc%s")),),
    "unknown-tail": (tf_node("x", "Placeholder"), tf_node("path", "StringJoin", "a", "x")),
    "upper": (tf_const("q", "HTTP://H"), tf_node("path", "StringLower", "q")),
    "select": (tf_const("n", "x"), tf_node("path", "SelectV2", "c", "n", "a")),
    "many": (tf_const("path", "x", "y", FOREIGN),),
    "slice": (tf_node("path", "StridedSlice", "a"),),
    "dataset": (tf_node("path", "TensorSliceDataset", "a"),),
}  # fmt: skip


@pytest.mark.parametrize("way", list(BUILT))
def test_paths_that_are_built(way: str) -> None:
    nodes = (*CONSTANTS, *BUILT[way], tf_node("read", "ReadFile", "path"))
    for model in places(*nodes).values():
        assert scan(model).verdict is Verdict.MALICIOUS


def call(function: str, op: str = "StatefulPartitionedCall", *inputs: str) -> bytes:
    return tf_node("call", op, *inputs, f=message((10, message((1, function)))))


def test_paths_through_arguments() -> None:
    reader = tf_function("reader", ("p",), tf_node("read", "ReadFile", "p"))
    between = tf_function("between", ("q",), call("reader", "PartitionedCall", "q"))
    top = (tf_const("path", FOREIGN), call("between", "StatefulPartitionedCall", "path"))
    assert scan(tf_graph(*top, functions=(reader, between))).verdict is Verdict.MALICIOUS
    branch = (
        tf_const("path", FOREIGN),
        tf_node("c", "Placeholder"),
        call("reader", "If", "c", "path"),
    )
    assert scan(tf_graph(*branch, functions=(reader,))).verdict is Verdict.MALICIOUS
    harmless = (tf_node("path", "Placeholder"), call("reader", "PartitionedCall", "path"))
    assert scan(tf_graph(*harmless, functions=(reader,))).verdict is Verdict.WEAKNESS


def test_paths_through_results() -> None:
    made = tf_function("made", (), tf_const("path", FOREIGN), ret="path:output:0")
    nodes = (call("made", "PartitionedCall"), tf_node("read", "ReadFile", "call"))
    assert scan(tf_graph(*nodes, functions=(made,))).verdict is Verdict.MALICIOUS


def test_functions_that_call_themselves() -> None:
    loop = tf_function(
        "f", ("p",), tf_node("read", "ReadFile", "p"), call("f", "PartitionedCall", "p")
    )
    assert scan(tf_graph(ADD, functions=(loop,))).verdict is Verdict.WEAKNESS
    ring = (
        tf_node("a", "Identity", "b"),
        tf_node("b", "Identity", "a"),
        tf_node("r", "ReadFile", "a"),
    )
    assert scan(tf_graph(*ring)).verdict is Verdict.WEAKNESS


def test_captured_constants() -> None:
    """The loader binds objects of the object graph to the last arguments of a function."""
    reader = tf_function("reader", ("p",), tf_node("read", "ReadFile", "p"))
    graph = tf_graph(tf_const("Const_3", FOREIGN), functions=(reader,))
    nodes = [
        (1, message((4, message((1, "_generic_user_object"))))),
        (1, message((9, message((1, "Const_3"))))),
    ]
    bound = (2, message((1, "reader"), (2, message((2, b"\x01")))))
    assert (
        scan(tf_saved_model(tf_meta_graph(graph, (7, message(*nodes, bound))))).verdict
        is Verdict.MALICIOUS
    )


def test_computed_path_beside_a_foreign_constant() -> None:
    nodes = (
        *CONSTANTS,
        tf_node("path", "RegexReplace", "a", "b"),
        tf_node("r", "ReadFile", "path"),
    )
    found = scan(tf_graph(tf_const("p", FOREIGN), *nodes))
    assert found.verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize("op", ["PyFunc", "PyFuncStateless", "EagerPyFunc"])
def test_python_functions(op: str) -> None:
    node = tf_node("n", op, token=message((2, "pyfunc_0")))
    for model in places(node).values():
        found = scan(model)
        assert (found.verdict, found.effects) == (Verdict.SUSPICIOUS, {"code_exec"})


def test_names_that_do_not_exist() -> None:
    for op in ("ShellExecute", "SystemConfig", "PyCall"):
        assert scan(tf_graph(ADD, tf_node("n", op))).rules == {"custom-operator"}


def test_abort() -> None:
    assert (
        scan(tf_graph(tf_node("n", "Abort", error_msg=message((2, "x"))))).verdict
        is Verdict.SUSPICIOUS
    )


def test_debug_addresses() -> None:
    for url in ("file:///tmp/x", "grpc://192.0.2.1:1"):
        node = tf_node("n", "DebugIdentity", "x", debug_urls=message((1, message((2, url)))))
        assert scan(tf_graph(node)).verdict is Verdict.MALICIOUS
    assert scan(tf_graph(tf_node("n", "DebugIdentity", "x"))).verdict is Verdict.WEAKNESS


def test_printing_into_a_file() -> None:
    for stream, verdict in (("file:///tmp/x", Verdict.MALICIOUS), ("stderr", Verdict.CLEAN)):
        node = tf_node("n", "PrintV2", "x", output_stream=message((2, stream)))
        assert scan(tf_graph(node)).verdict is verdict


def test_other_machines() -> None:
    address = tf_const("a", "grpc://192.0.2.1:5050")
    for op, inputs in (
        ("DataServiceDatasetV4", ("x", "x", "a")),
        ("RpcClient", ("a",)),
        ("RegisterDatasetV2", ("x", "a")),
    ):
        found = scan(tf_graph(address, tf_const("x", "y"), tf_node("n", op, *inputs)))
        assert found.verdict is Verdict.MALICIOUS
        assert "network" in found.effects


@pytest.mark.parametrize("content", [False, True])
def test_graph_hidden_in_a_constant(content: bool) -> None:
    hidden = tf_graph(*READ)
    carrier = tf_node("n", "DatasetFromGraph", "g")
    for model in places(tf_const("g", hidden, content=content), carrier).values():
        found = scan(model)
        assert found.verdict is Verdict.MALICIOUS
        assert "tensorflow-foreign-path" in found.rules
    twice = tf_graph(tf_const("g", tf_graph(tf_const("g", hidden), carrier)), carrier)
    assert scan(twice).verdict is Verdict.MALICIOUS
    checkpoint = tf_graph(tf_const("p", "variables"), tf_node("s", "SaveV2", "p"))
    assert scan(tf_graph(tf_const("g", checkpoint), carrier)).verdict is Verdict.MALICIOUS
    harmless = tf_graph(tf_node("r", "RangeDataset"))
    assert scan(tf_graph(tf_const("g", harmless), carrier)).verdict is Verdict.WEAKNESS


SAVE = (
    tf_const("t", "_temp/part"),
    tf_node("j", "StringJoin", "file_prefix", "t"),
    tf_node("s", "SaveV2", "j"),
    tf_node("m", "MergeV2Checkpoints", "s", "file_prefix"),
)


def test_saving_is_ordinary() -> None:
    save = tf_function("__inference__traced_save_42", ("file_prefix",), *SAVE)
    restore = tf_function(
        "__inference__traced_restore_7", ("file_prefix",), tf_node("r", "RestoreV2", "file_prefix")
    )
    assert (
        scan(tf_saved_model(tf_meta_graph(tf_graph(ADD, functions=(save, restore))))).verdict
        is Verdict.CLEAN
    )
    saver = (tf_const("save/Const", "model"), tf_node("save/SaveV2", "SaveV2", "save/Const"))
    assert scan(tf_graph(ADD, *saver)).verdict is Verdict.CLEAN
    elsewhere = tf_function("__inference_f_1", ("file_prefix",), *SAVE)
    assert scan(tf_graph(ADD, functions=(elsewhere,))).verdict is Verdict.WEAKNESS


def test_saving_elsewhere_is_not() -> None:
    nodes = (tf_const("p", "/root/x"), tf_node("s", "SaveV2", "p"))
    save = tf_function("__inference__traced_save_42", (), *nodes)
    assert scan(tf_graph(ADD, functions=(save,))).verdict is Verdict.MALICIOUS
    other = tf_function("__inference__traced_save_42", (), *READ)
    assert scan(tf_graph(ADD, functions=(other,))).verdict is Verdict.MALICIOUS


def asset(name: str) -> tuple[int, bytes]:
    return 6, message((1, message((1, "path:0"))), (2, name))


def test_tables() -> None:
    table = tf_node("i", "InitializeTableFromTextFileV2", "t", "path")
    graph = tf_graph(tf_const("path", "/home/me/vocab.txt"), table)
    assert scan(graph).verdict is Verdict.SUSPICIOUS
    assert scan(tf_saved_model(tf_meta_graph(graph, asset("vocab.txt")))).verdict is Verdict.CLEAN
    assert scan(tf_saved_model(tf_meta_graph(graph, asset("../../../etc/passwd")))).rules == {
        "tensorflow-asset-escape"
    }
    assert scan(tf_graph(tf_node("path", "Placeholder"), table)).verdict is Verdict.CLEAN
    assert (
        scan(tf_graph(tf_const("path", "http://192.0.2.1/v"), table)).verdict is Verdict.MALICIOUS
    )


def test_custom_operators() -> None:
    found = scan(tf_graph(ADD, tf_node("n", "Vendor>MagicOp")))
    assert (found.verdict, found.rules) == (Verdict.WEAKNESS, {"custom-operator"})
    local = tf_function("MyFunction", ("x",), ADD)
    assert (
        scan(tf_graph(tf_node("n", "MyFunction", "x"), functions=(local,))).verdict is Verdict.CLEAN
    )


def test_metadata() -> None:
    found = scan(tf_saved_model(tf_meta_graph(tf_graph(ADD))))
    assert found.format == "tensorflow-saved-model"
    assert found.metadata["tensorflow_version"] == "2.21.0"


def keras_lambda(source: str) -> bytes:
    """The JSON that Keras of TensorFlow 2 writes for a Lambda layer."""
    code = compile(source, "lambda", "eval").co_consts[0]
    text = base64.b64encode(marshal.dumps(code)).decode()
    function = {"class_name": "__tuple__", "items": [text, None, None]}
    config = {"function": function, "function_type": "lambda"}
    return json.dumps({"class_name": "Lambda", "name": "l", "config": config}).encode()


DENSE = json.dumps({"class_name": "Dense", "name": "d", "config": {"units": 3}}).encode()
SYSTEM = keras_lambda("lambda x: __import__('os').system('echo weighbridge-test')")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (DENSE, {Verdict.CLEAN}),
        (keras_lambda("lambda x: x + 1"), {Verdict.WEAKNESS}),
        (SYSTEM, {Verdict.MALICIOUS}),
    ],
)
def test_keras_metadata(text: bytes, verdict: set[Verdict]) -> None:
    layer = [(2, 1), (3, "root.layer-0"), (4, "_tf_keras_layer"), (5, text)]
    found = scan(message((1, message(*layer, (6, message((1, 2)))))))
    assert found.format == "tensorflow-keras-metadata"
    assert {found.verdict} == verdict
    old = message((1, message((4, message((1, "_tf_keras_layer"), (3, text))))))
    assert {scan(tf_saved_model(tf_meta_graph(tf_graph(ADD), (7, old)))).verdict} == verdict


TEXT = """
# a comment
saved_model_schema_version: 1
meta_graphs {
  meta_info_def { tensorflow_version: "2.21.0" tags: ["serve"]
    stripped_op_list { op { name: "X" } } }
  graph_def {
    node { name: "p" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING
      string_val: "\\057etc/" 'pass\\x77d' } } } }
    library { function { signature { name: "f" } node_def: < name: "r", op: "ReadFile"; input: "q" >
      node_def { name: "q" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING
        string_val: "/etc/passwd" } } } } } }
  }
}
"""


def test_text() -> None:
    found = scan(TEXT.encode())
    assert (found.verdict, found.format) == (Verdict.MALICIOUS, "tensorflow-saved-model")
    graph = 'node { name: "n" op: "EagerPyFunc" }\nversions { producer: 1 }'
    assert scan(("# x\n" * 1000 + graph).encode()).verdict is Verdict.SUSPICIOUS
    assert scan(b'node { name: "n" op: "Relu" }').format == "tensorflow-graph"
    assert scan(TEXT.replace("/etc/passwd", "x").encode()).verdict is Verdict.WEAKNESS


@pytest.mark.parametrize(
    "text",
    ['node { name: "n" opp: ReadFile }', "node { is here } and so on", "item { id: 1 name: 'cat' }",
     "The graph_def { is a message with a node { inside.", 'layer { name: "x" type: "Python" }'],
)  # fmt: skip
def test_other_text_stays_text(text: str) -> None:
    assert scan(text.encode()).format == "text"


@pytest.mark.parametrize(
    "prefix",
    ["# node {\n" * 300_000, "\n" * 2_000_000, "  # x" + "y" * 3_000_000 + "\n", " \t,;"],
    ids=["comments", "lines", "long", "marks"],
)  # fmt: skip
def test_text_behind_comments(prefix: str) -> None:
    graph = 'node # {\n   # \n  : \n { op # x\n : "EagerPyFunc" }'
    assert scan((prefix + graph).encode()).verdict is Verdict.SUSPICIOUS


def test_unknown_fields_in_front() -> None:
    model = tf_saved_model(tf_meta_graph(tf_graph(*READ)))
    for number in (15, 20, 24):
        assert scan(message((number, b"x" * 9)) + model).verdict is Verdict.MALICIOUS


def test_an_asset_is_no_excuse_for_other_operators() -> None:
    graph = tf_graph(tf_const("path", FOREIGN), tf_node("n", "WriteFile", "path", "path"))
    assert scan(tf_saved_model(tf_meta_graph(graph, asset("x")))).verdict is Verdict.SUSPICIOUS


def test_message_types_in_a_file() -> None:
    for source, verdict in (("local://", Verdict.CLEAN), ("/etc/x", Verdict.MALICIOUS)):
        node = tf_node("n", "DecodeProtoV2", "x", descriptor_source=message((2, source)))
        assert scan(tf_graph(node)).verdict is verdict
