"""Writes protocol-buffer messages field by field, as no library would."""

from __future__ import annotations

import struct
from typing import Any


def varint(value: int) -> bytes:
    """A number; negative ones take ten bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def message(*fields: tuple[int, Any]) -> bytes:
    """A message of (number, value): int is a varint, float four bytes, text and bytes a block."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            out += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return bytes(out)


# -- ONNX ------------------------------------------------------------------------------------------


def onnx_node(op: str, domain: str = "", *attributes: bytes) -> bytes:
    """A NodeProto."""
    fields: list[tuple[int, Any]] = [(1, "x"), (2, "y"), (4, op)]
    return message(*fields, *((5, item) for item in attributes), *([(7, domain)] if domain else []))


def onnx_tensor(
    name: str = "w", dims: tuple[int, ...] = (2,), raw: bytes = bytes(8), **external: Any
) -> bytes:
    """A TensorProto of floats; `external` are the entries of external_data."""
    fields: list[tuple[int, Any]] = [(1, extent) for extent in dims]
    fields += [(2, 1), (8, name)]
    if not external:
        return message(*fields, (9, raw))
    entries = [(13, message((1, key), (2, str(value)))) for key, value in external.items()]
    return message(*fields, *entries, (14, 1))


def onnx_graph(nodes: tuple[bytes, ...] = (), tensors: tuple[bytes, ...] = ()) -> bytes:
    """A GraphProto."""
    value = message((1, "x"))
    return message(
        *((1, node) for node in nodes),
        (2, "g"),
        *((5, one) for one in tensors),
        (11, value),
        (12, value),
    )


def onnx_model(graph: bytes, *more: tuple[int, Any], opset: tuple[str, int] = ("", 17)) -> bytes:
    """A ModelProto."""
    return message(
        (1, 8),
        (2, "weighbridge-test"),
        (7, graph),
        (8, message((1, opset[0]), (2, opset[1]))),
        *more,
    )


# -- TensorFlow ------------------------------------------------------------------------------------


def tf_string(*values: bytes | str, content: bool = False) -> bytes:
    """An AttrValue of a constant tensor of strings."""
    if not content:
        return message((8, message((1, 7), *((8, value) for value in values))))
    raw = [value.encode() if isinstance(value, str) else value for value in values]
    packed = b"".join(varint(len(one)) for one in raw) + b"".join(raw)
    return message((8, message((1, 7), (4, packed))))


def tf_node(name: str, op: str, *inputs: str, **attributes: bytes) -> bytes:
    """A NodeDef; attributes are AttrValues."""
    entries = [(5, message((1, key), (2, value))) for key, value in attributes.items()]
    return message((1, name), (2, op), *((3, one) for one in inputs), *entries)


def tf_const(name: str, *values: bytes | str, content: bool = False) -> bytes:
    """A constant of strings."""
    return tf_node(name, "Const", dtype=message((6, 7)), value=tf_string(*values, content=content))


def tf_function(name: str, arguments: tuple[str, ...], *nodes: bytes, ret: str = "") -> bytes:
    """A FunctionDef."""
    signature = message((1, name), *((2, message((1, one), (3, 7))) for one in arguments))
    result = [(4, message((1, "out"), (2, ret)))] if ret else []
    return message((1, signature), *((3, node) for node in nodes), *result)


def tf_graph(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    """A GraphDef."""
    library = [(2, message(*((1, one) for one in functions)))] if functions else []
    return message(*((1, node) for node in nodes), *library, (4, message((1, 2288))))


def tf_meta_graph(graph: bytes, *more: tuple[int, Any]) -> bytes:
    """A MetaGraphDef."""
    info = message((4, "serve"), (5, "2.21.0"), (6, "v2.21.0"))
    return message((1, info), (2, graph), *more)


def tf_saved_model(*meta_graphs: bytes) -> bytes:
    """A SavedModel."""
    return message((1, 1), *((2, one) for one in meta_graphs))
