"""Nodes of a graph and their attributes (tensorflow/core/framework/node_def.proto and others).

NodeDef: name 1, op 2, input 3, device 4, attr 5 (key 1, value 2). AttrValue: list 1, s 2, tensor 8,
func 10; its ListValue: s 2, func 9. NameAttrList: name 1. TensorProto: dtype 1, tensor_content 4,
string_val 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from weighbridge.errors import ParseError
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Message, Wire

_INPUTS = 4_096
_ATTRIBUTES = 256
_STRINGS = 64
TEXT_LIMIT = 4_096
_CONTENT_LIMIT = 64 << 10
_DT_STRING = 7


class Node(NamedTuple):
    """One node, attributes by name."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: dict[str, Message]
    offset: int


def head(wire: Wire, message: Message) -> tuple[str, str]:
    """Return name and operator of a node."""
    name = op = ""
    for item in wire.fields(message):
        if item.wire == BYTES and item.number == 1:
            name = wire.text(item, 1_000)
        elif item.wire == BYTES and item.number == 2:
            op = wire.text(item, 200)
    return name, op


def read(wire: Wire, message: Message) -> Node:
    """Return a node with everything that matters."""
    name = op = ""
    inputs: list[str] = []
    attributes: dict[str, Message] = {}
    for item in wire.fields(message):
        if item.wire != BYTES:
            continue
        if item.number == 1:
            name = wire.text(item, 1_000)
        elif item.number == 2:
            op = wire.text(item, 200)
        elif item.number == 3 and len(inputs) < _INPUTS:
            inputs.append(wire.text(item, 1_000))
        elif item.number == 5 and len(attributes) < _ATTRIBUTES:
            key, value = entry(wire, item)
            if value is not None:
                attributes[key] = wire.inner(value)
    return Node(name, op, tuple(inputs), attributes, message.start)


def entry(wire: Wire, field: Field) -> tuple[str, Field | None]:
    """Return key and value of a map's entry."""
    key, value = "", None
    for item in wire.fields(wire.inner(field)):
        if item.wire == BYTES and item.number == 1:
            key = wire.text(item, 1_000)
        elif item.wire == BYTES and item.number == 2:
            value = item
    return key, value


def data_inputs(node: Node) -> list[str]:
    """Return the names of the nodes or arguments that a node takes data from."""
    return [name.partition(":")[0] for name in node.inputs if not name.startswith("^")]


def strings(wire: Wire, attribute: Message) -> list[bytes]:
    """Return the strings of an attribute: one, a list, or a tensor's."""
    found: list[bytes] = []
    for item in wire.fields(attribute):
        if item.wire != BYTES:
            continue
        if item.number == 2:
            found.append(wire.bytes_of(item, TEXT_LIMIT))
        elif item.number == 1:
            for part in wire.fields(wire.inner(item)):
                if part.wire == BYTES and part.number == 2 and len(found) < _STRINGS:
                    found.append(wire.bytes_of(part, TEXT_LIMIT))
        elif item.number == 8:
            found += [data for _at, data in tensor_strings(wire, wire.inner(item))]
    return found[:_STRINGS]


def tensor_strings(
    wire: Wire, tensor: Message, limit: int = TEXT_LIMIT
) -> Iterator[tuple[Message, bytes]]:
    """Yield the first strings of a constant: the range of each, and at most `limit` bytes."""
    kind = 0
    parts: list[Field] = []
    for item in wire.fields(tensor, (5, 6, 7, 10, 11)):
        if item.number == 1 and item.wire == VARINT:
            kind = item.value
        elif item.wire == BYTES and item.number in (4, 8) and len(parts) < _STRINGS:
            parts.append(item)
    if kind != _DT_STRING:
        return
    for item in parts:
        if item.number == 8:
            yield Message(item.start, item.end, item.depth + 1), wire.bytes_of(item, limit)
        else:
            yield from _content(wire, item, limit)


def _content(wire: Wire, field: Field, limit: int) -> Iterator[tuple[Message, bytes]]:
    """Strings in tensor_content: all lengths, then all bytes.

    How many there are says the shape; the lengths and the bytes have to fill the content.
    """
    lengths: list[int] = []
    position, total = field.start, 0
    while position < field.end and len(lengths) < _CONTENT_LIMIT:
        try:
            length, position = wire.varint(position, field.end)
        except ParseError:
            return
        lengths.append(length)
        total += length
        if position + total >= field.end:
            break
    if position + total != field.end:
        return
    for length in lengths[:_STRINGS]:
        part = Field(8, BYTES, length, position, position + length, field.depth)
        yield Message(part.start, part.end, part.depth + 1), wire.bytes_of(part, limit)
        position += length


def callees(wire: Wire, node: Node) -> list[str]:
    """Return the functions that the node's attributes name."""
    found: list[str] = []
    for attribute in node.attributes.values():
        for item in wire.fields(attribute):
            if item.wire != BYTES:
                continue
            if item.number == 10:
                found.append(_function_name(wire, item))
            elif item.number == 1:
                for part in wire.fields(wire.inner(item)):
                    if part.wire == BYTES and part.number == 9 and len(found) < _STRINGS:
                        found.append(_function_name(wire, part))
    return found


def _function_name(wire: Wire, field: Field) -> str:
    for item in wire.fields(wire.inner(field)):
        if item.wire == BYTES and item.number == 1:
            return wire.text(item, 1_000)
    return ""
