"""Builds BSON documents (bsonspec.org, version 1.1), and models as BSON.jl saves them."""

import struct


def document(values):
    """Return a document of a mapping."""
    body = b"".join(element(key, value) for key, value in values.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def text(value):
    """Return a text behind its length, which counts the zero."""
    data = value.encode() + b"\0"
    return struct.pack("<i", len(data)) + data


def element(key, value):
    """Return one element: its type, its name and its value."""
    kind, data = _value(value)
    return bytes([kind]) + key.encode() + b"\0" + data


def _value(value):
    if value is None:
        return 10, b""
    if isinstance(value, bool):
        return 8, bytes([value])
    if isinstance(value, int):
        return 18, struct.pack("<q", value)
    if isinstance(value, float):
        return 1, struct.pack("<d", value)
    if isinstance(value, bytes):
        return 5, struct.pack("<i", len(value)) + b"\0" + value
    if isinstance(value, str):
        return 2, text(value)
    if isinstance(value, list):
        return 4, document({str(at): one for at, one in enumerate(value)})
    return 3, document(value)


def datatype(*path):
    """A type, by its path."""
    return {"tag": "datatype", "params": [], "name": list(path)}


def symbol(name):
    """A symbol."""
    return {"tag": "symbol", "name": name}


def instance(kind, *data):
    """An object of a type."""
    return {"tag": "struct", "type": kind, "data": list(data)}


def array(*numbers):
    """A vector of Float32."""
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    return {
        "tag": "array",
        "type": datatype("Core", "Float32"),
        "size": [len(numbers)],
        "data": data,
    }


def dense(package="Flux"):
    """A layer: weights, bias, and a function by its name."""
    activation = instance(datatype("NNlib", "#relu"))
    return instance(datatype(package, "Dense"), array(0.5, 1.5), array(0.0), activation)


def global_reference(module, name):
    """What code calls."""
    path = {"tag": "ref", "path": [module]}
    return instance(datatype("Core", "GlobalRef"), path, symbol(name))


def function(*calls):
    """A function without a name, whose code calls others."""
    code = instance(datatype("Core", "CodeInfo"), [*calls])
    method = instance(datatype("Core", "Method"), {"tag": "ref", "path": ["Main"]}, code)
    name = instance(datatype("Core", "TypeName"), "1.9.0", symbol("#1#2"), [method])
    return {"tag": "jl_anonymous", "typename": name, "params": []}


def command(word="echo"):
    """A command of the system, as Julia keeps it."""
    return instance(datatype("Base", "Cmd"), [word], False, None)


def model(**further):
    """A model of Flux, and what is given besides."""
    return document({"model": dense(), "epoch": 3, **further})


def generator():
    """Keys of a dictionary that call a function when they are read."""
    run = instance(datatype("Base", "#run"))
    keys = instance(datatype("Base", "Generator"), run, [command()])
    return model(state=instance(datatype("Base", "Dict"), keys, [1]))
