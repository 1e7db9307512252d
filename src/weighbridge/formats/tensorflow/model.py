"""SavedModel, GraphDef, MetaGraphDef and keras_metadata.pb (tensorflow/core/protobuf/*.proto).

SavedModel: saved_model_schema_version 1, meta_graphs 2. MetaGraphDef: meta_info_def 1, graph_def 2,
saver_def 3, collection_def 4 (any_list 5, value 1, value 2), asset_file_def 6, object_graph_def 7.
MetaInfoDef: tags 4, tensorflow_version 5, tensorflow_git_version 6. SaverDef: restore_op_name 3.
AssetFileDef: tensor_info 1 (name 1), filename 2. SavedMetadata: nodes 1 (identifier 4, metadata 5).

None has a magic number: the fields have to make sense together, and operators have to be
TensorFlow's. Weights inside constants are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.errors import ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.keras import config
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Message, Wire, could_begin
from weighbridge.formats.tensorflow import nodes, program, saved_objects
from weighbridge.formats.tensorflow.graph import Statement, plausible
from weighbridge.formats.tensorflow.program import Program
from weighbridge.sources.base import Source
from weighbridge.text.secrets import mask

NAME = "tensorflow-graph"
SAVED_MODEL = "tensorflow-saved-model"
META_GRAPH = "tensorflow-meta-graph"
KERAS_METADATA = "tensorflow-keras-metadata"
_KERAS_LOADERS = ("tf_keras.models.load_model", "tf.keras.models.load_model")
_VERSION = re.compile(r"\d{1,3}\.\d{1,3}[\w.+-]{0,60}")
_PROBED = 4_096
_META_GRAPHS = 64
_ASSETS = 10_000


def claims(source: Source, head: bytes) -> bool:
    """Say whether the bytes begin with the tag of a field."""
    return could_begin(head)


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine the file as everything that a loader could take it for."""
    return examine(context, source, place, source.size)


def examine(context: Context, source: Source, place: Place, size: int) -> bool:
    """Examine a message; `size` is that of the file which it was taken from."""
    wire = Wire(source, context.budget)
    first, second = _probe(wire)
    reader = Reader(context, place, wire, size)
    whole = wire.whole()
    found = False
    if any(_is_meta_graph(wire, item) for item in second[:_META_GRAPHS]):
        reader.saved_model(whole)
        found = True
    elif _is_meta_graph_message(wire, first, second):
        reader.meta_graph_file(whole)
        found = True
    if plausible(wire, whole):
        reader.graph_file(whole)
        found = True
    if not found and any(_is_layer(wire, item) for item in first[:_PROBED]):
        reader.keras_metadata(whole)
        found = True
    return found


def _probe(wire: Wire) -> tuple[list[Field], list[Field]]:
    """Return the first fields 1 and 2 that hold messages, as far as the bytes hold together."""
    first: list[Field] = []
    second: list[Field] = []
    try:
        for count, item in enumerate(wire.fields(wire.whole())):
            if count > _PROBED:
                break
            if item.wire == BYTES and item.number in (1, 2):
                (first if item.number == 1 else second).append(item)
    except ParseError:
        pass
    return first, second


def _is_meta_graph(wire: Wire, field: Field) -> bool:
    """A MetaGraphDef inside a SavedModel has a graph or says which TensorFlow wrote it."""
    first: list[Field] = []
    second: list[Field] = []
    try:
        for item in wire.fields(wire.inner(field)):
            if item.wire == BYTES and item.number in (1, 2):
                (first if item.number == 1 else second).append(item)
    except ParseError:
        pass
    return _is_meta_graph_message(wire, first, second)


def _is_meta_graph_message(wire: Wire, first: list[Field], second: list[Field]) -> bool:
    if any(plausible(wire, wire.inner(item)) for item in second[:_META_GRAPHS]):
        return True
    return any(_VERSION.fullmatch(_version(wire, item)) for item in first[:_META_GRAPHS])


def _version(wire: Wire, meta_info: Field) -> str:
    try:
        for item in wire.fields(wire.inner(meta_info)):
            if item.number == 5 and item.wire == BYTES and item.size < 100:
                return wire.text(item)
    except ParseError:
        pass
    return ""


def _is_layer(wire: Wire, field: Field) -> bool:
    try:
        return saved_objects.user_object(wire, wire.inner(field), (4, 5), lambda *_: None)
    except ParseError:
        return False


class Reader:
    """Reads one file as one of the four messages."""

    def __init__(self, context: Context, place: Place, wire: Wire, size: int) -> None:
        self._context = context
        self._place = place
        self._wire = wire
        self._size = size
        self._name = NAME

    def saved_model(self, message: Message) -> None:
        """Examine a SavedModel: every meta graph of it."""
        self._name = SAVED_MODEL
        self._context.format(self._place, SAVED_MODEL, self._size)
        number = 0
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number == 2:
                label = f"meta graph {number}, " if number else ""
                number += 1
                self._meta_graph(self._wire.inner(item), label)
            elif (item.number, item.wire) != (1, VARINT):
                self._foreign(item)

    def meta_graph_file(self, message: Message) -> None:
        """Examine a MetaGraphDef that is a file of its own."""
        self._name = META_GRAPH
        self._context.format(self._place, META_GRAPH, self._size)
        self._meta_graph(message, "")

    def graph_file(self, message: Message) -> None:
        """Examine a frozen graph."""
        self._name = NAME
        self._context.format(self._place, NAME, self._size)
        self._graph(message, Program())

    def keras_metadata(self, message: Message) -> None:
        """Examine the layers that Keras keeps beside a SavedModel."""
        self._name = KERAS_METADATA
        self._context.format(self._place, KERAS_METADATA, self._size)
        saved_objects.keras_metadata(self._wire, message, self._layer)

    def _graph(self, message: Message, one: Program) -> None:
        statement = Statement(self._context, self._place, self._wire, self._name)
        try:
            program.read(self._wire, message, one)
        finally:
            statement.add(one)

    def _meta_graph(self, message: Message, label: str) -> None:
        one = Program(label)
        graphs: list[Field] = []
        for item in self._wire.fields(message):
            if item.wire != BYTES:
                continue
            if item.number == 1:
                self._meta_info(self._wire.inner(item))
            elif item.number == 2:
                graphs.append(item)
            elif item.number == 3:
                self._saver(self._wire.inner(item), one)
            elif item.number == 4:
                self._collection(item, one)
            elif item.number == 6 and len(one.assets) < _ASSETS:
                self._asset(self._wire.inner(item), one)
            elif item.number == 7:
                saved_objects.read(self._wire, self._wire.inner(item), one, self._layer)
        statement = Statement(self._context, self._place, self._wire, self._name)
        try:
            for item in graphs:
                program.read(self._wire, self._wire.inner(item), one)
        finally:
            statement.add(one)

    def _meta_info(self, message: Message) -> None:
        names = {4: "tag", 5: "tensorflow_version", 6: "tensorflow_git_version"}
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number in names:
                text = mask(self._wire.text(item, 200))
                self._context.metadata(self._place, self._name, names[item.number], text)

    def _saver(self, message: Message, one: Program) -> None:
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number == 3:
                scope, slash, _name = self._wire.text(item, 300).rpartition("/")
                if slash:
                    one.savers.add(scope + slash)

    def _collection(self, item: Field, one: Program) -> None:
        """SavedModels of TensorFlow 1 keep their assets in a collection of Any messages."""
        key, value = nodes.entry(self._wire, item)
        if key != "saved_model_assets" or value is None:
            return
        for path in self._descend(self._wire.inner(value), (5, 1, 2)):
            if len(one.assets) < _ASSETS:
                self._asset(path, one)

    def _descend(self, message: Message, numbers: tuple[int, ...]) -> Iterator[Message]:
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number == numbers[0]:
                inner = self._wire.inner(item)
                if len(numbers) == 1:
                    yield inner
                else:
                    yield from self._descend(inner, numbers[1:])

    def _asset(self, message: Message, one: Program) -> None:
        """The loader joins the name of an asset to the model's folder and feeds that path."""
        for item in self._wire.fields(message):
            if item.wire == BYTES and item.number == 1:
                for part in self._wire.fields(self._wire.inner(item)):
                    if part.wire == BYTES and part.number == 1:
                        one.assets.add(self._wire.text(part, 1_000).partition(":")[0])
            elif item.wire == BYTES and item.number == 2:
                name = mask(self._wire.text(item, 500))
                self._context.metadata(self._place, self._name, "asset", name)

    def _layer(self, identifier: str, data: bytes, offset: int) -> None:
        try:
            config.read_config(self._context, self._place, data, identifier, _KERAS_LOADERS)
        except ParseError as error:
            self._context.gap_from(self._place, self._name, error)

    def _foreign(self, item: Field) -> None:
        known = item.number == 1
        if known or (item.wire == BYTES and item.size > 64):
            text = f"the field {item.number} of {item.size} bytes belongs to no SavedModel"
            code = "protobuf-wire-mismatch" if known else "protobuf-unknown-field"
            self._context.anomaly(self._place, self._name, code, text, item.start)
