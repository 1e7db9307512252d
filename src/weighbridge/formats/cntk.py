"""Models of CNTK 2 (microsoft/CNTK, CNTKv2LibraryDll: proto/CNTK.proto, Serialization.cpp).

A file is a Dictionary: a version (1) and entries (2), each with a key (1) and a DictionaryValue
(2), of which a text (8), a vector (11) and a dictionary (12) matter here. From 2 GiB on a magic
number and the length of that message stand before it and the numbers behind it.

Whoever loads a model makes the functions that users defined again. In Python that is
``exec("from {} import {}".format(module, cls))`` with both texts out of the file
(bindings/python/cntk/internal, _UDFDeserializeCallbackWrapper); a native one is a library that is
loaded and a function of it that is called, both named by the file (UserDefinedFunction.cpp,
DeserializeNativeImpl).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.facts.repository import Reference
from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.formats.pickle import raw
from weighbridge.formats.protobuf import BYTES, Message, Wire
from weighbridge.formats.python.source import source_fact
from weighbridge.sources.base import Source

NAME = "cntk"
INTERPOLATED = "interpolated-import"
_MAGIC = (0x636E746B).to_bytes(4, "little")
_PREFIX = 8
_ENTRY, _KEY, _VALUE = 2, 1, 2
_TEXT, _VECTOR, _DICTIONARY = 8, 11, 12
_ELEMENT = 1
# Keys of a model, and of a checkpoint of training (PrimitiveFunction.h, CompositeFunction.cpp).
_ROOT = frozenset({"primitive_functions", "internal_worker_state", "external_worker_state"})
_TELLING = frozenset({"class", "module", "deserialize_method", "op_name"})
_PLAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z", re.ASCII)
_TEXT_LIMIT = 64 << 10
_REPEATS = 4
_MOST = 1_000


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with a version or an entry, or with the mark of a long one."""
    return head[:4] == _MAGIC or (len(head) >= 8 and head[0] in (0x08, 0x12))


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the dictionaries; False when the first is none of a model.

    Raises:
        MalformedInput: a message inside does not fit.
        LimitExceeded: there are more fields, or deeper ones, than are followed.
    """
    wire = Wire(source, context.budget)
    whole = _whole(source)
    walk = _Walk(context, place, wire)
    if not walk.is_model(whole):
        return False
    context.format(place, NAME, source.size)
    try:
        walk.dictionary([whole])
    except MalformedInput:
        raw.hidden_streams(context, source, place, 0)
        raise
    finally:
        walk.tally.state(context, place)
    return True


def _whole(source: Source) -> Message:
    head = source.read_at(0, _PREFIX)
    if head[:4] != _MAGIC:
        return Message(0, source.size)
    length = int.from_bytes(head[4:], "little")
    return Message(_PREFIX, min(_PREFIX + length, source.size))


class _Walk:
    """Goes through dictionaries, whose parts protobuf joins when one stands there twice."""

    def __init__(self, context: Context, place: Place, wire: Wire) -> None:
        self._context = context
        self._place = place
        self._wire = wire
        self._told: set[tuple[str, str]] = set()
        self.tally = OperatorTally(NAME)

    def is_model(self, whole: Message) -> bool:
        """Say whether the keys of the outermost dictionary are those of a model."""
        try:
            return any(self._entry(entry)[0] in _ROOT for entry in self._inside(whole, _ENTRY))
        except MalformedInput:
            return False

    def dictionary(self, parts: Sequence[Message]) -> None:
        """Follow everything below, and add what is told of functions."""
        texts: dict[str, list[str]] = {}
        for part in parts:
            for entry in self._inside(part, _ENTRY):
                key, values = self._entry(entry)
                found = self._value(values)
                if key in _TELLING:  # Of a key that stands twice the last one counts.
                    texts[key] = [*texts.get(key, ()), *found][-_REPEATS:]
        if "module" in texts:
            self._function(texts, parts[0].start)

    def _inside(self, message: Message, number: int) -> list[Message]:
        wire = self._wire
        fields = (f for f in wire.fields(message) if f.number == number and f.wire == BYTES)
        return [wire.inner(field) for field in fields]

    def _entry(self, entry: Message) -> tuple[str, list[Message]]:
        key, values = "", []
        for field in self._wire.fields(entry):
            if field.number == _KEY and field.wire == BYTES:
                key = self._wire.text(field, 100)
            elif field.number == _VALUE and field.wire == BYTES:
                values.append(self._wire.inner(field))
        return key, values

    def _value(self, parts: Sequence[Message]) -> list[str]:
        """Return the texts of a value, after what is below it was followed."""
        texts: list[str] = []
        below: list[Message] = []
        for part in parts:
            for field in self._wire.fields(part):
                if field.wire != BYTES:
                    continue
                if field.number == _TEXT:
                    texts.append(self._wire.text(field, _TEXT_LIMIT))
                elif field.number == _VECTOR:
                    for element in self._inside(self._wire.inner(field), _ELEMENT):
                        self._value([element])
                elif field.number == _DICTIONARY:
                    below.append(self._wire.inner(field))
        if below:
            self.dictionary(below)
        return texts

    def _function(self, texts: dict[str, list[str]], offset: int) -> None:
        name = next(iter(texts.get("op_name", ())), "")
        for module, method in product(texts["module"], texts.get("deserialize_method", ())):
            given = (("module", module), ("deserialize_method", method))
            self.tally.note(name or method, offset, "native", given)
        for module, cls in product(texts["module"], texts.get("class", ())):
            if (module, cls) in self._told:
                continue
            if len(self._told) >= _MOST:
                text = f"more than {_MOST} functions that users defined"
                raise LimitExceeded("limit-cntk-functions", text, offset)
            self._told.add((module, cls))
            self._python(module, cls, name, offset)

    def _python(self, module: str, cls: str, name: str, offset: int) -> None:
        member = self._place.member
        if _PLAIN.match(module) and _PLAIN.match(cls):
            value = f"{module}.{cls}"[:300]
            self._context.add(Reference(member, 0, "cntk-function", name[:100], value))
            return
        fact = source_fact(
            f"from {module} import {cls}",
            stream=None, member=member, offset=offset, call=None, name=name or "module",
            budget=self._context.budget,
        )  # fmt: skip
        self._context.add(replace(fact, origin=INTERPOLATED))
