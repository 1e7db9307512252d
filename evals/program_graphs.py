"""Builds programs of Paddle, graphs of MXNet, networks of Caffe and models of TensorFlow.js."""

import json
import struct

from evals.protobufs import message

PARENT = (1 << 64) - 1


def paddle(operator="relu", **attributes):
    """A ProgramDesc with one operator."""
    texts = [(4, message((1, key), (2, 2), (5, value))) for key, value in attributes.items()]
    made = message((1, message((1, "X"), (2, "x"))), (3, operator), *texts)
    variable = message((1, "x"), (2, message((1, 7))), (3, 1))
    block = message((1, 0), (2, PARENT), (3, variable), (4, made))
    return message((1, block), (4, message((1, 2_000_000))))


def paddle_json(operator="1.relu"):
    """The same as newer releases write it."""
    block = {
        "#": "block_0",
        "args": [],
        "ops": [
            {"#": operator, "A": [], "I": [{"%": 1}], "O": [{"%": 2, "TT": {"#": "0.t_dtensor"}}]}
        ],
    }
    program = {"regions": [{"#": "region_0", "blocks": [block]}]}
    return json.dumps({"base_code": {"magic": "pir", "version": 3}, "program": program}).encode()


def paddle_weights(*rows):
    """The parameters of a program, one behind the other."""
    data = b""
    for row in rows:
        described = message((1, 5), (2, len(row)))
        data += bytes(16) + struct.pack("<i", len(described)) + described
        data += struct.pack(f"<{len(row)}f", *row)
    return data


def mxnet(op="FullyConnected", attrs=None, head=1, source=0):
    """A graph of two nodes."""
    nodes = [
        {"op": "null", "name": "data", "inputs": []},
        {"op": op, "name": "fc", "attrs": attrs or {"num_hidden": "4"}, "inputs": [[source, 0, 0]]},
    ]
    graph = {"nodes": nodes, "arg_nodes": [0], "node_row_ptr": [0, 1, 2], "heads": [[head, 0, 0]]}
    return json.dumps(graph, indent=2).encode()


def mxnet_weights(*rows):
    """What `mx.nd.save` writes."""
    data = struct.pack("<QQQ", 0x112, 0, len(rows))
    for row in rows:
        data += struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, len(row), 1, 0, 0)
        data += struct.pack(f"<{len(row)}f", *row)
    data += struct.pack("<Q", len(rows))
    for number in range(len(rows)):
        name = f"arg:w{number}".encode()
        data += struct.pack("<Q", len(name)) + name
    return data


def mxnet_forms():
    """The three forms of an array that `mx.nd.save` wrote, a sparse one and one without numbers."""
    floats = struct.pack("<2f", 1, 2)
    arrays = (
        struct.pack("<IIiii", 1, 2, 1, 0, 0) + floats,
        struct.pack("<IIqiii", 0xF993FAC8, 1, 2, 1, 0, 0) + floats,
        struct.pack("<IiIqIqqiii", 0xF993FAC9, 1, 1, 2, 2, 9, 1, 1, 0, 0)
        + struct.pack("<iIq", 6, 1, 2) + floats + struct.pack("<2q", 0, 5),
        struct.pack("<IiI", 0xF993FAC9, 0, 0),
        struct.pack("<Iii", 0xF993FACA, 0, -1),
        struct.pack("<IiIiii", 0xF993FACA, 0, 0, 1, 0, 0) + floats[:4],
    )  # fmt: skip
    return struct.pack("<QQQ", 0x112, 0, len(arrays)) + b"".join(arrays) + bytes(8)


def caffe(module="", layer=""):
    """A network as protobuf, with a layer in Python where a module is given."""
    plain = message((1, "conv1"), (2, "Convolution"), (3, "data"), (7, message((5, b"\0" * 16))))
    fields = [(1, "CaffeNet"), (100, plain)]
    if module:
        given = message((1, module), (2, layer))
        fields.append((100, message((1, "py"), (2, "Python"), (130, given))))
    return message(*fields)


def caffe_text(module="", layer=""):
    """The same as text."""
    text = 'name: "Net"\nlayer {\n  name: "conv1"\n  type: "Convolution"\n  bottom: "data"\n}\n'
    if module:
        text += 'layer {\n  name: "py"\n  type: "Python"\n  python_param {\n'
        text += f'    module: "{module}"\n    layer: "{layer}"\n  }}\n}}\n'
    return text.encode()


def tfjs(path="group1-shard1of1.bin"):
    """A `model.json` of TensorFlow.js with one file of weights."""
    weights = [{"name": "w", "shape": [2], "dtype": "float32"}]
    manifest = [{"paths": [path], "weights": weights}]
    model = {"format": "layers-model", "modelTopology": {}, "weightsManifest": manifest}
    return json.dumps(model).encode()


SAMPLES = {
    "paddle": paddle,
    "paddle json": paddle_json,
    "paddle-parameters": lambda: paddle_weights((1.0, 2.0), (3.0,)),
    "mxnet": mxnet,
    "mxnet-parameters": lambda: mxnet_weights((1.0, 2.0), (3.0,)),
    "mxnet-parameters forms": mxnet_forms,
    "caffe": caffe,
    "caffe text": caffe_text,
}
BINARY = ("paddle", "paddle-parameters", "mxnet-parameters", "caffe")
