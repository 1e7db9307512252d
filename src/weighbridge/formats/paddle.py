"""Programs of PaddlePaddle (paddle/fluid/framework/framework.proto; pir serialize_deserialize).

``.pdmodel`` is a ProgramDesc: blocks (1) with index (1), parent (2), variables (3) and operators
(4), of which each has a type (3) and attributes (4) of name (1), type (2) and value (5 a text).
Since version 3 a program is JSON: ``base_code.magic`` is ``pir``, and operators stand in blocks in
regions under ``#``, the number of their dialect before their name, which is 3 for operators of a
library that the application loads. The weights stand in the file of the same name that ends in
``.pdiparams``.
"""

from __future__ import annotations

import re

from weighbridge.errors import MalformedInput
from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.formats.pickle import raw
from weighbridge.formats.protobuf import BYTES, VARINT, Field, Wire
from weighbridge.sources.base import Source

NAME = "paddle"
_TOP = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES}
_BLOCK = {1: VARINT, 2: VARINT, 3: BYTES, 4: BYTES, 5: VARINT}
_TYPE = re.compile(r"[A-Za-z_][\w.]{0,120}\Z")
_CUSTOM = "3"  # pir/serialize_deserialize/src/schema.cc
_PATHS = ("file_path", "model_file", "dirname", "filename")
_MOST_NODES = 500_000


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with a block, whose own first field is the index 0."""
    match = re.match(rb"\n[\x00-\xff]{1,5}?\x08\x00\x10", head, re.DOTALL)
    return match is not None and all(byte >= 0x80 for byte in match[0][1:-4])


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the program; False when its fields are not those of one.

    Raises:
        MalformedInput: a message inside does not fit.
        LimitExceeded: there are more fields than are followed.
    """
    walk = _Walk(Wire(source, context.budget))
    try:
        walk.run()
    except MalformedInput:
        if not walk.operators:
            return False
        context.format(place, NAME, source.size)
        walk.state(context, place)
        raw.hidden_streams(context, source, place, 0)
        raise
    if not walk.operators:
        return False
    context.format(place, NAME, source.size, operators=walk.operators)
    walk.state(context, place)
    return True


class _Walk:
    """Reads the operators of all blocks."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tally = OperatorTally(NAME)
        self._files: dict[str, list[int]] = {}
        self.operators = 0

    def run(self) -> None:
        """Read everything."""
        for top in self._wire.fields(self._wire.whole()):
            if _TOP.get(top.number) != top.wire:
                raise MalformedInput("paddle-field", "a field is none of a program", top.start)
            if top.number != 1:
                continue
            for field in self._wire.fields(self._wire.inner(top)):
                if _BLOCK.get(field.number) != field.wire:
                    raise MalformedInput("paddle-field", "a field is none of a block", field.start)
                if field.number == 4:
                    self._operator(field)

    def _operator(self, operator: Field) -> None:
        name, texts = "", []
        for field in self._wire.fields(self._wire.inner(operator)):
            if field.number == 3 and field.wire == BYTES:
                name = self._wire.text(field, 200)
            elif field.number == 4 and field.wire == BYTES:
                texts.append(self._attribute(field))
        if _TYPE.match(name) is None:
            raise MalformedInput("paddle-operator", "an operator has no name", operator.start)
        self.operators += 1
        paths = tuple((key, text) for key, text in texts if key in _PATHS and text)
        self._tally.note(name, operator.start, "", paths if name.startswith("save") else ())
        for _key, path in paths:
            self._files.setdefault(path, [operator.start, 0])[1] += 1

    def _attribute(self, attribute: Field) -> tuple[str, str]:
        fields = self._wire.fields(self._wire.inner(attribute))
        texts = {f.number: f for f in fields if f.number in (1, 5) and f.wire == BYTES}
        key = self._wire.text(texts[1], 100) if 1 in texts else ""
        value = self._wire.text(texts[5], 300) if 5 in texts and key in _PATHS else ""
        return key, value

    def state(self, context: Context, place: Place) -> None:
        """Add the facts."""
        self._tally.state(context, place)
        for path, (at, count) in list(self._files.items())[:100]:
            fact = ExternalData(place.member, at, NAME, "file", path, count, 0, 0, ())
            context.add(fact)
        _weights(context, place)


def _weights(context: Context, place: Place) -> None:
    """The file of the weights is told by the name alone."""
    stem, dot, _ending = context.file_name(place).rpartition(".")
    if dot:
        location = f"{stem}.pdiparams"
        context.add(ExternalData(place.member, 0, NAME, "parameters", location, 1, 0, 0, ()))


def is_program(value: object) -> bool:
    """Say whether plain values are a program in JSON."""
    base = value.get("base_code") if isinstance(value, dict) else None
    return isinstance(base, dict) and base.get("magic") == "pir"


def read_program(context: Context, value: object, place: Place) -> None:
    """Add the operators of a program in JSON."""
    tally = OperatorTally(NAME)
    waiting = [value.get("program")] if isinstance(value, dict) else []
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        item = waiting.pop()
        if isinstance(item, list):
            waiting += [inner for inner in item if isinstance(inner, dict | list)]
        elif isinstance(item, dict):
            if isinstance(item.get("#"), str) and "O" in item:
                dialect, _, operator = item["#"].rpartition(".")
                tally.note(operator, domain="custom" if dialect == _CUSTOM else "")
            waiting += [inner for inner in item.values() if isinstance(inner, dict | list)]
    else:
        context.gap(place, NAME, "limit-paddle-nodes", f"more than {_MOST_NODES} values")
    tally.state(context, place)
    _weights(context, place)
