"""Computation graphs: ONNX, TensorFlow and TFLite files that reach beyond the model."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from evals.flat_tables import (
    Flat,
    Scalar,
    custom_code,
    operator,
    string_tensor,
    tensor,
    tflite,
)
from evals.protobufs import (
    message,
    onnx_graph,
    onnx_model,
    onnx_node,
    onnx_tensor,
    tf_const,
    tf_function,
    tf_graph,
    tf_meta_graph,
    tf_node,
    tf_saved_model,
)
from evals.samples import URL, Sample

ANY: tuple[str, ...] = ()
RELU = onnx_node("Relu")
ADD = tf_node("sum", "AddV2", "x", "y")
PLACES = {
    "absolute": "/etc/passwd",
    "parent": "../../../etc/passwd",
    "backslash": "..\\..\\x",
    "drive": "C:\\Users\\x",
    "share": "\\\\192.0.2.1\\x",
    "http": URL,
    "s3": "s3://weighbridge-eval/x",
    "file": "file:///etc/passwd",
}


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    yield from _external_data()
    yield from _onnx_python()
    yield from _onnx_structure()
    yield from _tensorflow_files()
    yield from _tensorflow_built()
    yield from _tensorflow_others()
    yield from _tflite()


def _external_data() -> Iterator[Sample]:
    load = ("onnx.load",)
    entries: dict[str, dict[str, object]] = {
        **{name: {"location": path} for name, path in PLACES.items()},
        "unknown-key": {"location": "w", "__class__": "x"},
        "negative-offset": {"location": "w", "offset": -1, "length": 8},
        "petabytes": {"location": "w", "offset": 0, "length": 1 << 52},
        "no-number": {"location": "w", "offset": "1e9"},
        "memory-address": {"location": "*/_ORT_MEM_ADDR_/*", "offset": 4096, "length": 8},
    }
    for name, fields in entries.items():
        one = onnx_tensor(**fields)
        model = onnx_model(onnx_graph((RELU,), (one,)))
        effects = ("file_read",) if name in PLACES else ANY
        yield Sample(f"onnx-data-{name}", "ONNX external data", effects, load, model, "model.onnx")
    one = onnx_tensor(location="/etc/passwd")
    constant = onnx_node("Constant", "", message((1, "value"), (5, one), (20, 4)))
    branch = onnx_node("If", "", message((1, "then_branch"), (6, onnx_graph((constant,)))))
    for name, node in {"attribute": constant, "branch": branch}.items():
        model = onnx_model(onnx_graph((node,)))
        yield Sample(f"onnx-data-in-{name}", "ONNX external data", ("file_read",), load, model)


def _onnx_python() -> Iterator[Sample]:
    for name, domain, op in (
        ("pyop", "ai.onnx.contrib", "PyOp"),
        ("pycustomop", "ai.onnx.contrib", "PyCustomOpDef_run"),
        ("pythonop", "com.microsoft", "PythonOp"),
    ):
        node = onnx_node(op, domain)
        body = onnx_graph((node,))
        loop = onnx_node("Loop", "", message((1, "body"), (6, body), (20, 5)))
        deep = onnx_node("If", "", message((1, "else_branch"), (6, onnx_graph((loop,))), (20, 5)))
        function = message((1, "f"), (7, node), (9, message((2, 17))), (10, "local"))
        models = {
            "graph": onnx_model(body),
            "loop": onnx_model(onnx_graph((loop,))),
            "nested": onnx_model(onnx_graph((deep,))),
            "function": onnx_model(onnx_graph((onnx_node("f", "local"),)), (25, function)),
            "training": onnx_model(onnx_graph((RELU,)), (20, message((2, body)))),
            "renamed": onnx_model(body),
        }
        for where, model in models.items():
            file = "weights.bin" if where == "renamed" else "model.onnx"
            title = f"onnx-{name}-{where}"
            runtime = ("onnxruntime.InferenceSession",)
            yield Sample(title, "ONNX Python operators", ("code_exec",), runtime, model, file)


def _onnx_structure() -> Iterator[Sample]:
    tensors = {
        "absurd": onnx_tensor(dims=(1 << 31, 1 << 31)),
        "overflow": onnx_tensor(dims=(1 << 62, 1 << 62, 16)),
        "negative": onnx_tensor(dims=(-4, 4)),
        "short": onnx_tensor(dims=(1000,)),
    }
    for name, one in tensors.items():
        model = onnx_model(onnx_graph((RELU,), (one,)))
        yield Sample(f"onnx-shape-{name}", "ONNX structure", ANY, ANY, model, "model.onnx")
    both = onnx_model(onnx_graph((RELU,)), (1, tf_node("n", "ReadFile", "p")))
    yield Sample("onnx-and-graph", "ONNX structure", ANY, ANY, both, "model.onnx")


def _wrapped(name: str, *nodes: bytes) -> Iterator[tuple[str, bytes]]:
    """The same nodes in every kind of file and place."""
    graph = tf_graph(ADD, *nodes)
    function = tf_function("__inference_f_1", (), *nodes)
    hidden = tf_const("g", tf_graph(*nodes))
    yield f"{name}-frozen", graph
    yield f"{name}-meta", tf_meta_graph(graph)
    yield f"{name}-saved", tf_saved_model(tf_meta_graph(graph))
    yield f"{name}-second", tf_saved_model(tf_meta_graph(tf_graph(ADD)), tf_meta_graph(graph))
    yield f"{name}-function", tf_saved_model(tf_meta_graph(tf_graph(ADD, functions=(function,))))
    yield f"{name}-hidden", tf_graph(hidden, tf_node("d", "DatasetFromGraph", "g"))


def _tensorflow_files() -> Iterator[Sample]:
    operators = {
        "ReadFile": (0, "file_read"),
        "WriteFile": (0, "file_write"),
        "MatchingFiles": (0, "file_read"),
        "TextLineDataset": (0, "file_read"),
        "TFRecordDatasetV2": (0, "file_read"),
        "SaveDatasetV2": (1, "file_write"),
        "MergeV2Checkpoints": (1, "file_write"),
        "SaveV2": (0, "file_write"),
        "CreateSummaryFileWriter": (1, "file_write"),
        "SqlDataset": (1, "file_read"),
    }
    for op, (index, effect) in operators.items():
        inputs = ["other"] * index + ["path"]
        nodes = (tf_const("other", "x"), tf_const("path", "/etc/x"), tf_node("n", op, *inputs))
        for name, model in _wrapped(op.lower(), *nodes):
            yield Sample(f"tf-{name}", "TensorFlow file operators", (effect,), ("tf.",), model)
    for name, path in PLACES.items():
        graph = tf_graph(tf_const("p", path), tf_node("n", "WriteFile", "p", "p"))
        title = f"tf-place-{name}"
        yield Sample(title, "TensorFlow file operators", ("file_write",), ("tf.",), graph)


def _tensorflow_built() -> Iterator[Sample]:
    encoded = base64.urlsafe_b64encode(b"/etc/passwd").decode()
    constants = (tf_const("a", "/etc"), tf_const("b", "/passwd"), tf_const("e", encoded))
    ways = {
        "content": (tf_const("path", "/etc/passwd", content=True),),
        "join": (tf_node("path", "StringJoin", "a", "b"),),
        "plus": (tf_node("path", "AddV2", "a", "b"),),
        "base64": (tf_node("path", "DecodeBase64", "e"),),
        "format": (tf_node("path", "StringFormat", "b", template=message((2, "/etc%s"))),),
        "unknown-tail": (tf_node("x", "Placeholder"), tf_node("path", "StringJoin", "a", "x")),
        "dataset": (tf_node("path", "TensorSliceDataset", "a"),),
        "replaced": (tf_node("path", "RegexReplace", "a", "b"),),
    }
    technique = "TensorFlow paths that are built"
    for name, nodes in ways.items():
        graph = tf_graph(*constants, *nodes, tf_node("n", "ReadFile", "path"))
        yield Sample(f"tf-built-{name}", technique, ("file_read",), ("tf.",), graph)
    reader = tf_function("reader", ("p",), tf_node("n", "ReadFile", "p"))
    call = tf_node("c", "PartitionedCall", "a", f=message((10, message((1, "reader")))))
    graph = tf_graph(constants[0], call, functions=(reader,))
    yield Sample("tf-built-argument", technique, ("file_read",), ("tf.",), graph)
    bound = message((1, "reader"), (2, message((2, b"\0"))))
    objects = message((1, message((9, message((1, "a"))))), (2, bound))
    captured = tf_meta_graph(tf_graph(constants[0], functions=(reader,)), (7, objects))
    model = tf_saved_model(captured)
    yield Sample("tf-built-captured", technique, ("file_read",), ("tf.",), model)
    text = 'node { name: "p" op: "Const" attr { key: "value" value { tensor { dtype: DT_STRING '
    text += 'string_val: "\\057etc/passwd" } } } } node { name: "n" op: "ReadFile" input: "p" }'
    yield Sample("tf-text", technique, ("file_read",), ("tf.",), text.encode(), "graph.pbtxt")


def _tensorflow_others() -> Iterator[Sample]:
    technique = "TensorFlow other operators"
    for op in ("PyFunc", "PyFuncStateless", "EagerPyFunc"):
        for name, model in _wrapped(op.lower(), tf_node("n", op, token=message((2, "pyfunc_0")))):
            yield Sample(f"tf-{name}", technique, ("code_exec",), ("tf.",), model)
    address = tf_const("a", "grpc://192.0.2.1:5050")
    for op, inputs in (("DataServiceDatasetV4", ("a", "a", "a")), ("RpcClient", ("a",))):
        graph = tf_graph(address, tf_node("n", op, *inputs))
        yield Sample(f"tf-{op.lower()}", technique, ("network",), ("tf.",), graph)
    for scheme in ("file:///tmp/x", "grpc://192.0.2.1:1"):
        urls = message((1, message((2, scheme))))
        graph = tf_graph(ADD, tf_node("n", "DebugIdentity", "sum", debug_urls=urls))
        title = f"tf-debug-{scheme[:4]}"
        yield Sample(title, technique, ("file_write", "network"), ("tf.",), graph)
    stream = tf_node("n", "PrintV2", "x", output_stream=message((2, "file:///tmp/x")))
    yield Sample("tf-print", technique, ("file_write",), ("tf.",), tf_graph(stream))
    abort = tf_graph(tf_node("n", "Abort", error_msg=message((2, "x"))))
    yield Sample("tf-abort", technique, ("tamper",), ("tf.",), abort)
    asset = (6, message((1, message((1, "p:0"))), (2, "../../../etc/passwd")))
    model = tf_saved_model(tf_meta_graph(tf_graph(ADD), asset))
    yield Sample("tf-asset", technique, ("file_read",), ("tf.",), model)


def _tflite() -> Iterator[Sample]:
    load = ("tf.lite.Interpreter",)
    for op, effect in (("FlexReadFile", "file_read"), ("FlexWriteFile", "file_write")):
        for name, path in (("path", b"/etc/passwd"), ("address", URL.encode()), ("given", b"")):
            buffers = [Flat(), Flat({0: string_tensor(path) if path else bytes(4)})]
            one = tensor((1,), 5 if path else 0, 1)
            model = tflite([custom_code(op)], [one], [operator()], buffers)
            title = f"tflite-{op.lower()}-{name}"
            yield Sample(title, "TFLite", (effect,), load, model, "model.tflite")
    beyond = Flat({1: Scalar(1 << 40, 8), 2: Scalar(64, 8)})
    small = [Flat(), Flat({0: bytes(16)})]
    structures = {
        "buffer": tflite(buffers=[Flat(), beyond]),
        "shape": tflite(tensors=[tensor((1 << 30, 1 << 30))]),
        "size": tflite(tensors=[tensor((400,), 0, 1)], buffers=small),
        "buffer-index": tflite(tensors=[tensor((4,), 0, 9)], buffers=small),
        "tensor-index": tflite([custom_code("RFFT2D")], [tensor()], [operator(0, (77,))]),
        "code-index": tflite([custom_code("RFFT2D")], [tensor()], [operator(5)]),
        "external-buffer": tflite(f8=[Flat({0: "../../../etc/passwd"})]),
    }
    for name, model in structures.items():
        yield Sample(f"tflite-{name}", "TFLite", ANY, ANY, model, "model.tflite")
