"""Builds models of Core ML (apple/coremltools, mlmodel/format)."""

import struct

from evals.protobufs import message


def model(kind, content, version=7):
    """A model of one kind, by the number of its field."""
    return message((1, version), (2, message((1, message((1, "x"))))), (kind, content))


def network(*layers):
    """A neural network."""
    return message(*((1, layer) for layer in layers))


def layer(name="fc", number=140, content=b""):
    """A layer, by the number of its kind."""
    return message((1, name), (number, content))


def custom_layer(name="MyLayer"):
    """A layer that a class of the application computes."""
    return layer(number=500, content=message((10, name)))


def program(path="@model_path/weights/weight.bin", offset=64):
    """An ML program whose weights stand in a file."""
    value = message((5, message((1, path), (2, offset))))
    constant = message((1, "const"), (5, message((1, "val"), (2, value))))
    block = message((3, constant))
    function = message((1, b""), (3, message((1, "CoreML8"), (2, block))))
    return message((1, 1), (2, message((1, "main"), (2, function))))


def pipeline(*models):
    """Models one behind the other."""
    return message(*((1, one) for one in models))


def linked(name, folder="."):
    """A model that stands elsewhere."""
    both = message((1, message((1, name))), (2, message((1, folder))))
    return message((1, both))


def blobs(*contents):
    """The file of the weights."""
    data = bytearray(struct.pack("<II", len(contents), 2) + bytes(56))
    for content in contents:
        data += bytes(-len(data) % 64)
        data += struct.pack("<IIQQ", 0xDEADBEEF, 1, len(content), len(data) + 64) + bytes(40)
        data += content
    return bytes(data)


def compiled(path="@model_path/weights/weight.bin", offset=64, typed=False):
    """The text of a compiled program; `typed` as compilers wrote it before MIL 1.3."""
    text, number, array = "string", "uint64", "tensor<fp16, [2]>"
    if typed:
        text, number = "tensor<string, []>", "tensor<uint64, []>"
    name = path.replace("\\", "\\\\").replace('"', '\\"')
    blob = f'BLOBFILE(path = {text}("{name}"), offset = {number}({offset}))'
    lines = (
        "program(1.3)",
        f'[buildInfo = dict<{text}, {text}>({{{{"coremlc-version", "3500.14.1"}}}})]',
        "{",
        "    func main<ios18>(tensor<fp16, [1, 2]> x) {",
        f'            {array} w = const()[name = {text}("w"), val = {array}({blob})];',
        f'            tensor<fp16, [1, 2]> y = add(x = x, y = w)[name = {text}("y")];',
        "        } -> (y);",
        "}",
    )
    return "\n".join(lines).encode()


PLAIN = {
    "network": model(500, network(layer())),
    "classifier": model(403, network(layer()) + message((100, message((1, "cat"))))),
    "program": model(502, program()),
    "pipeline": model(202, pipeline(model(500, network(layer())), model(604, b""))),
}
