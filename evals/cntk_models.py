"""Builds models of CNTK 2, with functions that users defined or without."""

from __future__ import annotations

from typing import Any

from evals.protobufs import message


def dictionary(entries: dict[str, bytes]) -> bytes:
    """A Dictionary of values."""
    rows = (message((1, key), (2, value)) for key, value in entries.items())
    return message((1, 1), *((2, row) for row in rows))


def text(value: str) -> bytes:
    """A DictionaryValue that is a text."""
    return message((1, 1), (2, 6), (8, value))


def number(value: int) -> bytes:
    """A DictionaryValue that is a size."""
    return message((1, 1), (2, 3), (5, value))


def nested(entries: dict[str, bytes]) -> bytes:
    """A DictionaryValue that is a dictionary."""
    return message((1, 1), (2, 10), (12, dictionary(entries)))


def vector(*values: bytes) -> bytes:
    """A DictionaryValue that is a vector."""
    return message((1, 1), (2, 9), (11, message(*((1, value) for value in values))))


def _numbers(count: int) -> bytes:
    shape = message((1, count))
    values = message((1, bytes(4 * count)))
    return message((1, 1), (2, 11), (13, message((1, 1), (2, 0), (3, shape), (4, values))))


def cntk(*functions: bytes) -> bytes:
    """A model with a parameter and one function of CNTK, and what is given besides."""
    parameter = nested({"type": text("Variable"), "uid": text("W"), "value": _numbers(64)})
    plus = nested({"type": text("PrimitiveFunction"), "uid": text("Plus1"), "op": number(18)})
    return dictionary(
        {
            "inputs": vector(parameter),
            "primitive_functions": vector(plus, *functions),
            "root_uid": text("Plus1"),
            "type": text("CompositeFunction"),
            "version": number(1),
        }
    )


def in_python(module: str, cls: str, **state: Any) -> bytes:
    """A function that a user wrote in Python."""
    told = {
        "class": text(cls), "module": text(module), "op_name": text("Mine"),
        "state": nested({key: text(value) for key, value in state.items()}), "version": number(1),
    }  # fmt: skip
    given = {"type": text("UserDefinedFunction"), "uid": text("Mine"), "inputs": vector()}
    return nested(given | {"user_defined_state": nested(told)})


def native(library: str, method: str) -> bytes:
    """A function out of a library."""
    told = {
        "deserialize_method": text(method), "module": text(library), "op": text("Mine"),
        "type": text("NativeUserDefinedFunction"), "user_defined_state": nested({}),
    }  # fmt: skip
    given = {"type": text("UserDefinedFunction"), "uid": text("Mine"), "inputs": vector()}
    true = message((1, 1), (2, 1), (3, 1))
    return nested(given | {"native": true, "user_defined_state": nested(told)})


def of_two_gigabytes(model: bytes) -> bytes:
    """The form whose numbers stand behind the message."""
    return b"ktnc" + len(model).to_bytes(4, "little") + model + bytes(256)
