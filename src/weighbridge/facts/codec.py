"""Facts to JSON-able objects and back, by the fields of their frozen classes.

The worker that parses hostile bytes sends facts through a pipe, and the store keeps them, so
decoding trusts nothing: an unknown kind, a missing field or a value of the wrong type is refused.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from weighbridge.facts import (
    expressions,
    graphs,
    java,
    keras,
    native,
    patterns,
    pickles,
    repository,
    structure,
    templates,
)

Fact = (
    pickles.Stream
    | pickles.Import
    | pickles.Call
    | pickles.AttributeWrite
    | pickles.Payload
    | pickles.DormantPickle
    | pickles.Code
    | structure.Format
    | structure.Anomaly
    | structure.Gap
    | structure.Note
    | structure.Excerpt
    | structure.Metadata
    | templates.Template
    | templates.TemplateUse
    | templates.TemplateBranch
    | native.Executable
    | patterns.PatternMatch
    | graphs.Operator
    | graphs.ExternalData
    | graphs.DataFolder
    | graphs.ForeignText
    | java.JavaClass
    | keras.KerasObject
    | keras.Hdf5Reference
    | repository.Script
    | repository.Act
    | repository.Reference
    | repository.Requirement
    | repository.Declaration
    | repository.ModelUse
    | repository.Secret
)

_FACTS: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(Fact)}
_EXPRESSIONS: dict[str, type] = {
    kind.__name__: kind for kind in typing.get_args(expressions.Expression)
}
_DEPTH = 40


def encode(fact: Fact) -> dict[str, Any]:
    """Return a JSON-able object with the fact's class under ``fact``."""
    encoded: dict[str, Any] = {"fact": type(fact).__name__}
    for name in _field_types(type(fact)):
        encoded[name] = _encode(getattr(fact, name))
    return encoded


def decode(value: object) -> Fact:
    """Return the fact that `value` encodes.

    Raises:
        ValueError: it encodes none.
    """
    if not isinstance(value, dict) or value.get("fact") not in _FACTS:
        raise ValueError("not a known fact")
    fields = {key: item for key, item in value.items() if key != "fact"}
    return typing.cast(Fact, _decode_class(_FACTS[value["fact"]], fields, 0))


def _encode(value: object) -> Any:
    if dataclasses.is_dataclass(value):
        encoded: dict[str, Any] = {"is": type(value).__name__}
        for name in _field_types(type(value)):
            encoded[name] = _encode(getattr(value, name))
        return encoded
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return value


_HINTS: dict[object, dict[str, Any]] = {}


def _field_types(kind: type) -> dict[str, Any]:
    hints = _HINTS.get(kind)
    if hints is None:
        hints = _HINTS[kind] = typing.get_type_hints(kind)
    return hints


def _decode_class(kind: type, fields: dict[str, Any], depth: int) -> object:
    if depth > _DEPTH:
        raise ValueError("nested too deeply")
    expected = _field_types(kind)
    if set(fields) - set(expected):
        raise ValueError(f"unknown field in {kind.__name__}")
    try:
        return kind(
            **{name: _decode(expected[name], item, depth + 1) for name, item in fields.items()}
        )
    except TypeError as error:
        raise ValueError(f"missing field in {kind.__name__}") from error


def _decode(expected: Any, value: object, depth: int) -> object:
    if expected == expressions.Expression:
        return _decode_expression(value, depth)
    origin = typing.get_origin(expected)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            if type(None) in typing.get_args(expected):
                return None
            raise ValueError("unexpected null")
        rest = [item for item in typing.get_args(expected) if item is not type(None)]
        if len(rest) > 1:
            return _decode_expression(value, depth)
        return _decode(rest[0], value, depth)
    if origin is tuple:
        return _decode_tuple(typing.get_args(expected), value, depth)
    if type(value) is not expected:
        raise ValueError(f"expected {expected}, got {type(value).__name__}")
    return value


def _decode_tuple(arguments: tuple[Any, ...], value: object, depth: int) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decode(arguments[0], item, depth) for item in value)
    if len(value) != len(arguments):
        raise ValueError("wrong number of items")
    return tuple(_decode(kind, item, depth) for kind, item in zip(arguments, value, strict=True))


def _decode_expression(value: object, depth: int) -> object:
    if not isinstance(value, dict) or value.get("is") not in _EXPRESSIONS:
        raise ValueError("not a known expression")
    fields = {key: item for key, item in value.items() if key != "is"}
    return _decode_class(_EXPRESSIONS[value["is"]], fields, depth)
