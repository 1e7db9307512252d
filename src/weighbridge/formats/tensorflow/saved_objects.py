"""The object graph of a SavedModel (tensorflow/core/protobuf/saved_object_graph.proto).

SavedObjectGraph: nodes 1, concrete_functions 2 (key 1, value 2). SavedObject: user_object 4
(identifier 1, metadata 3), asset 5 (asset_file_def_index 1), constant 9 (operation 1).
SavedConcreteFunction: bound_inputs 2. It says which constants and assets the loader hands to
functions; Keras of TensorFlow 2.0 to 2.4 also keeps the JSON of its layers here.
"""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.formats.protobuf import BYTES, Message, Wire
from weighbridge.formats.tensorflow import nodes
from weighbridge.formats.tensorflow.program import Program

_NODES = 500_000
_BOUND = 4_096
_LAYER_LIMIT = 16 << 20

Layer = Callable[[str, bytes, int], None]


def read(wire: Wire, message: Message, program: Program, layer: Layer) -> None:
    """Take in the bindings; `layer` gets identifier and JSON of every Keras layer."""
    objects: list[str | None] = []
    for item in wire.fields(message):
        if item.number == 1 and item.wire == BYTES and len(objects) < _NODES:
            objects.append(_object(wire, wire.inner(item), layer))
    for item in wire.fields(message):
        if item.number == 2 and item.wire == BYTES:
            name, value = nodes.entry(wire, item)
            bound: list[str | None] = []
            for part in wire.fields(wire.inner(value)) if value is not None else ():
                if part.number == 2:
                    for number in wire.numbers(part, _BOUND):
                        inside = 0 <= number < len(objects)
                        bound.append(objects[number] if inside else "")
            program.bound[name] = bound


def _object(wire: Wire, message: Message, layer: Layer) -> str | None:
    """Return the constant that an object stands for, None for an asset, empty for the rest."""
    result: str | None = ""
    for item in wire.fields(message):
        if item.wire != BYTES:
            continue
        if item.number == 5:
            result = None
        elif item.number == 9:
            for part in wire.fields(wire.inner(item)):
                if part.number == 1 and part.wire == BYTES:
                    result = wire.text(part, 1_000)
        elif item.number == 4:
            user_object(wire, wire.inner(item), (1, 3), layer)
    return result


def user_object(wire: Wire, message: Message, numbers: tuple[int, int], layer: Layer) -> bool:
    """Hand out the JSON of a Keras layer; False when the message holds none."""
    identifier, metadata, offset = "", b"", 0
    for item in wire.fields(message):
        if item.wire == BYTES and item.number == numbers[0]:
            identifier = wire.text(item, 200)
        elif item.wire == BYTES and item.number == numbers[1]:
            metadata, offset = wire.bytes_of(item, _LAYER_LIMIT), item.start
    if not identifier.startswith("_tf_keras_") or not metadata.lstrip().startswith(b"{"):
        return False
    layer(identifier, metadata, offset)
    return True


def keras_metadata(wire: Wire, message: Message, layer: Layer) -> int:
    """Read a ``keras_metadata.pb``: nodes 1 of identifier 4 and metadata 5; return their number."""
    count = 0
    for item in wire.fields(message):
        if item.number == 1 and item.wire == BYTES:
            count += user_object(wire, wire.inner(item), (4, 5), layer)
    return count
