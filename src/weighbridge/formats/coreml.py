"""Core ML models (apple/coremltools, mlmodel/format/Model.proto), walked as protobuf.

A model has a version (1), a description (2) and exactly one field of a number from 200 on, which is
its kind: a network, a tree, a program (502), a pipeline of further models (200 to 202), a model
that a class of the application computes (555), a link to another file (556). Layers of networks may
be of a class of the application as well. Programs keep their weights in files below
``@model_path/``. What compiling makes of a program is text (``model.mil``), of which that is read.
"""

from __future__ import annotations

import re

from weighbridge.errors import MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.file_tally import FileTally
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.formats.pickle import raw
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Message, Wire
from weighbridge.formats.python.effects import excerpt
from weighbridge.sources.base import Source

NAME = "coreml"
_LATEST = 40  # versions of the specification; 10 was the latest in 2026
_OWN = "@model_path/"
_CONVERTER = "com.github.apple.coremltools.version"
_PROGRAM = re.compile(r"\s{0,99}program\s{0,9}\(\d{1,4}(?:\.\d{1,4})?\)\s{0,99}[\[{]")
# `tensor<string, []>("...")`, since MIL 1.3 `string("...")`; numbers alike.
_BLOB = re.compile(
    r"BLOBFILE\(path = (?:tensor<)?string(?:, \[\]>)?\(\"((?:[^\"\\\n]|\\.){0,4096})\"\)"
    r"(?:, offset = (?:tensor<)?uint64(?:, \[\]>)?\((\d{1,20})\))?"
)
_KINDS = frozenset(
    {
        *(200, 201, 202, 300, 301, 302, 303, 304, 400, 401, 402, 403, 404, 500, 501, 502, 555, 556),
        *(560, 600, 601, 602, 603, 604, 606, 607, 609, 610, 900, *range(2000, 2007), 3000),
    }
)
# Of each message, the fields that lead on, by the message that stands there.
_SCHEMA: dict[str, dict[int, str]] = {
    "model": {
        2: "description",
        **dict.fromkeys((200, 201), "wrapped pipeline"),
        202: "pipeline",
        **dict.fromkeys((303, 403, 500), "network"),
        502: "program",
        555: "custom model",
        556: "link",
    },
    "description": {100: "metadata"},
    "metadata": {4: "=licence", 100: "=own entry"},
    "wrapped pipeline": {1: "pipeline"},
    "pipeline": {1: "model"},
    "network": {1: "layer"},
    "layer": {500: "custom layer", 605: "branch", 615: "loop"},
    "branch": {1: "network", 2: "network"},
    "loop": {3: "network", 4: "network"},
    "custom model": {10: "=custom model"},
    "custom layer": {10: "=custom layer"},
    "link": {1: "linked file"},
    "linked file": {1: "text parameter", 2: "text parameter"},
    "text parameter": {1: "=linked file"},
    "program": {2: "function entry"},
    "function entry": {2: "function"},
    "function": {3: "block entry"},
    "block entry": {2: "block"},
    "block": {3: "operation"},
    "operation": {2: "input entry", 4: "block", 5: "attribute entry"},
    "input entry": {2: "argument"},
    "argument": {1: "binding"},
    "binding": {2: "value"},
    "attribute entry": {2: "value"},
    "value": {5: "blob"},
    "blob": {1: "=blob"},
}


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with a version and a description."""
    return len(head) > 4 and head[0] == 8 and 1 <= head[1] <= _LATEST and head[2] == 0x12


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the model; False when its fields are not those of one.

    Raises:
        MalformedInput: a message inside does not fit.
        LimitExceeded: messages are nested too deeply, or are too many.
    """
    wire = Wire(source, context.budget)
    kind, only_known = _kind(wire)
    if kind is None:
        return False
    context.format(place, NAME, source.size, version=source.read_at(1, 1)[0], kind=kind)
    walk = _Walk(wire)
    try:
        walk.run()
        if not only_known:
            raise MalformedInput("coreml-foreign-field", "a field is none of a model's", 0)
    except MalformedInput:
        raw.hidden_streams(context, source, place, 0)
        raise
    finally:
        walk.state(context, place)
    return True


def _kind(wire: Wire) -> tuple[int | None, bool]:
    """Return the number of the field that tells the kind, None when it is no model.

    And whether all fields are those of a model: what follows one may look like any.
    """
    kinds: list[int] = []
    try:
        for field in wire.fields(wire.whole()):
            if field.number in (1, 10):
                fits = field.wire == VARINT
            else:
                fits = field.wire == BYTES and (field.number == 2 or field.number in _KINDS)
            if not fits:
                return (kinds[0] if kinds else None), False
            if field.number >= 200:
                kinds.append(field.number)
    except MalformedInput:
        # A model that breaks off inside its last field has that field's tag.
        return (kinds[0] if kinds else None), True
    return (kinds[0] if kinds else None), True


class _Walk:
    """Follows the schema from message to message; nesting costs no stack."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tally = OperatorTally(NAME)
        self._files = FileTally(NAME, _OWN)
        self._said: dict[str, str] = {}

    def run(self) -> None:
        """Read everything that the schema leads to."""
        waiting: list[tuple[str, Message]] = [("model", self._wire.whole())]
        while waiting:
            name, message = waiting.pop()
            fields = _SCHEMA[name]
            for field in self._wire.fields(message):
                following = fields.get(field.number)
                if following is None or field.wire != BYTES:
                    continue
                if following.startswith("="):
                    self._leaf(following[1:], field, message)
                else:
                    waiting.append((following, self._wire.inner(field)))

    def _leaf(self, name: str, field: Field, message: Message) -> None:
        if name == "own entry":
            self._own_entry(field)
            return
        text = self._wire.text(field)
        if name == "licence":
            self._said.setdefault("license", excerpt(text, 300))
        elif name.startswith("custom"):
            self._tally.note(text, field.start, name)
        else:
            blob = name == "blob"
            end = self._offset(message) if blob else 0
            self._files.note(name, text, field.start, end, inside=blob)

    def _own_entry(self, field: Field) -> None:
        """Keep which converter wrote the model (a map of texts: key 1, value 2)."""
        entry = {
            one.number: self._wire.text(one)
            for one in self._wire.fields(self._wire.inner(field))
            if one.wire == BYTES
        }
        if entry.get(1) == _CONVERTER:
            self._said.setdefault(_CONVERTER, excerpt(entry.get(2, ""), 100))

    def _offset(self, blob: Message) -> int:
        numbers = [f.value for f in self._wire.fields(blob) if f.number == 2 and f.wire == VARINT]
        return numbers[-1] if numbers else 0

    def state(self, context: Context, place: Place) -> None:
        """Add the facts."""
        self._tally.state(context, place)
        for key, text in self._said.items():
            context.metadata(place, NAME, key, text)
        self._files.state(context, place)


def note_program(context: Context, text: str, place: Place) -> bool:
    """State which files a compiled program takes its weights from; False when it is none."""
    if _PROGRAM.match(text) is None:
        return False
    files = FileTally(NAME, _OWN)
    for found in _BLOB.finditer(text):
        files.note("blob", found[1], found.start(), int(found[2] or 0), inside=True)
    files.state(context, place)
    return True
