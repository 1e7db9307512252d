"""Rebuilds a code object from the call that makes it when a pickle is loaded.

Pickles carry functions as calls of ``types.CodeType`` (cloudpickle, hand-made ones) or of dill's
``_create_code`` with the constructor's arguments of some Python version::

    [line table]  4 to 6 integers  bytecode  constants  names  local names  file  name
    [qualified name]  first line  line table ...

The bounded expressions of a pickle hold only the beginning of long values. Names or constants that
are missing make the code object incomplete. Bytecode is all there or left out; who can fetch the
rest of it puts it in with ``dataclasses.replace``.
"""

from __future__ import annotations

from weighbridge.facts.expressions import (
    Bytes,
    Expression,
    Mapping,
    Number,
    Result,
    Sequence,
    Symbol,
    Text,
    Unknown,
)
from weighbridge.formats.python.marshal_values import CodeObject, MarshalValue, Opaque

_LAYOUTS = {4: "2.7", 5: "3.0", 6: "3.8"}
_LEADING = 3
_DEPTH = 8


def code_from_arguments(arguments: tuple[Expression, ...]) -> CodeObject | None:
    """Return the code object that a call with these arguments makes, None if it makes none."""
    start = next((at for at, value in enumerate(arguments[:_LEADING]) if _is_int(value)), None)
    if start is None:
        return None
    integers = 0
    while start + integers < len(arguments) and _is_int(arguments[start + integers]):
        integers += 1
    rest = arguments[start + integers :]
    if integers not in _LAYOUTS or len(rest) < 4 or not _could_be_code(rest):
        return None
    return _build(_LAYOUTS[integers], rest)


def _could_be_code(rest: tuple[Expression, ...]) -> bool:
    """Check that bytecode, constants, names and local names can be what they have to be."""
    bytecode, *collections = rest[:4]
    if isinstance(bytecode, Number | Sequence | Mapping | Symbol):
        return False
    return all(isinstance(item, Sequence | Result | Unknown) for item in collections) and any(
        isinstance(item, Sequence) for item in collections
    )


def _build(layout: str, rest: tuple[Expression, ...]) -> CodeObject:
    bytecode = _bytes(rest[0])
    names, names_known = _texts(rest[2])
    varnames, _ = _texts(rest[3])
    labels, first_line = _labels(rest[4:])
    if layout == "3.8" and len(labels) > 2:
        layout = "3.11"
    known = isinstance(rest[1], Sequence) and rest[1].total == len(rest[1].items)
    return CodeObject(
        name=labels[1] if len(labels) > 1 else "",
        qualname=labels[2] if len(labels) > 2 else (labels[1] if len(labels) > 1 else ""),
        filename=labels[0] if labels else "",
        names=names,
        varnames=varnames,
        constants=_values(rest[1]),
        code=bytecode or b"",
        first_line=first_line,
        layout=layout if bytecode else "",
        complete=names_known and known,
    )


def _labels(rest: tuple[Expression, ...]) -> tuple[list[str], int]:
    """Return file, name and qualified name, and the first line, as far as they are constants."""
    labels: list[str] = []
    for value in rest[:4]:
        if isinstance(value, Number):
            return labels, _integer(value) or 0
        labels.append(_text(value) or "")
    return labels[:3], 0


def _is_int(value: Expression) -> bool:
    return isinstance(value, Number) and _integer(value) is not None


def _integer(value: Number) -> int | None:
    try:
        return int(value.value[:20])
    except ValueError:
        return None


def _text(value: Expression) -> str | None:
    if isinstance(value, Text):
        return value.value
    if isinstance(value, Bytes):
        return _head(value).decode("utf-8", "replace")
    return None


def _head(value: Bytes) -> bytes:
    try:
        return bytes.fromhex(value.head)
    except ValueError:
        return b""


def _bytes(value: Expression) -> bytes | None:
    """Return the bytecode if all of it is there; dill and Python 2 hand it over as text."""
    if isinstance(value, Bytes) and value.size * 2 == len(value.head):
        return _head(value)
    if isinstance(value, Text) and value.offset < 0:
        return value.value.encode("latin-1", "replace")
    return None


def _texts(value: Expression) -> tuple[tuple[str, ...], bool]:
    if not isinstance(value, Sequence):
        return (), False
    texts = [_text(item) for item in value.items]
    complete = value.total == len(value.items) and None not in texts
    return tuple(text for text in texts if text is not None), complete


def _values(value: Expression, depth: int = 0) -> tuple[MarshalValue, ...]:
    if not isinstance(value, Sequence) or depth > _DEPTH:
        return ()
    return tuple(_value(item, depth) for item in value.items)


def _value(value: Expression, depth: int) -> MarshalValue:
    if isinstance(value, Text):
        return value.value
    if isinstance(value, Bytes):
        return _head(value)
    if isinstance(value, Sequence):
        return _values(value, depth + 1)
    if isinstance(value, Number):
        return _integer(value)
    return Opaque("unknown")
