"""Computes constants: operators, string methods and built-in functions, bounded in size.

Only methods whose result cannot be much longer than what goes in are here, or their result is
measured before it is computed. Everything that cannot be computed is UNKNOWN; nothing raises.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

from weighbridge.formats.python.values import (
    LONGEST,
    MOST_ITEMS,
    UNKNOWN,
    Const,
    Items,
    Plain,
    Value,
    items_of,
    plain,
    sequence,
    wrap,
)

_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
_OPERATORS: dict[type[ast.operator], Callable[..., object]] = {
    ast.Sub: operator.sub,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.RShift: operator.rshift,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
}
# A width in a format could ask for gigabytes; attributes and indices are not needed.
_HARMLESS_PERCENT = re.compile(r"(?:[^%]|%%|%[srdxc])*", re.S)
_HARMLESS_BRACES = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\w{0,20}(?:![sra])?(?::[dxcs]?)?\})*", re.S)
_METHODS = frozenset(
    {
        "capitalize", "casefold", "decode", "encode", "endswith", "find", "hex", "index", "isalpha",
        "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rpartition", "rsplit",
        "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
        "count",
    }
)  # fmt: skip


def binary(operation: ast.operator, left: Value, right: Value) -> Value:
    """Compute `left operation right`."""
    if isinstance(left, Items) and isinstance(right, Items) and isinstance(operation, ast.Add):
        both = [*left.values.values(), *right.values.values()]
        return sequence(both) if len(both) <= MOST_ITEMS else UNKNOWN
    try:
        first, second = plain(left), plain(right)
        if isinstance(operation, ast.Mod) and isinstance(first, str):
            return _percent(first, second)
        if isinstance(operation, ast.Mult):
            return _multiply(first, second)
        if isinstance(operation, ast.Add):
            return _add(first, second)
        if isinstance(first, int) and isinstance(second, int):
            if isinstance(operation, ast.Mod):
                return wrap(first % second)
            if isinstance(operation, ast.LShift | ast.Pow):
                return _grow(operation, first, second)
            if type(operation) in _OPERATORS:
                return wrap(_OPERATORS[type(operation)](first, second))
    except _ERRORS:
        pass
    return UNKNOWN


def _add(first: object, second: object) -> Value:
    if isinstance(first, str | bytes) and isinstance(second, str | bytes):
        if len(first) + len(second) > LONGEST:
            return UNKNOWN
        return wrap(operator.add(first, second))
    if isinstance(first, int | float) and isinstance(second, int | float):
        return wrap(first + second)
    return UNKNOWN


def _multiply(first: object, second: object) -> Value:
    if isinstance(first, int) and isinstance(second, str | bytes | list):
        first, second = second, first
    if isinstance(first, str | bytes | list) and isinstance(second, int):
        return wrap(first * second) if len(first) * second <= LONGEST else UNKNOWN
    if isinstance(first, int | float) and isinstance(second, int | float):
        return wrap(first * second)
    return UNKNOWN


def _grow(operation: ast.operator, first: int, second: int) -> Value:
    if not 0 <= second <= 4096 or abs(first).bit_length() * max(second, 1) > 8192:
        return UNKNOWN
    return wrap(first << second if isinstance(operation, ast.LShift) else first**second)


def _percent(form: str, values: object) -> Value:
    if _HARMLESS_PERCENT.fullmatch(form) is None:
        return UNKNOWN
    arguments = tuple(values) if isinstance(values, list) else (values,)
    return _bounded(form, arguments, lambda: form % arguments)


def _bounded(form: str, values: tuple[object, ...], compute: Callable[[], object]) -> Value:
    """Compute only if no value, put in at each place, makes it too long."""
    places = form.count("%") + form.count("{")
    longest = max((len(v) if isinstance(v, str | bytes) else 1300 for v in values), default=0)
    return wrap(compute()) if len(form) + 4 * places * longest <= 16 * LONGEST else UNKNOWN


def method(owner: Plain, name: str, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    """Call a method of a constant string or bytes."""
    if not isinstance(owner, str | bytes):
        return UNKNOWN
    try:
        given = [plain(argument) for argument in arguments]
        if name == "join":
            return _join(owner, arguments)
        if name == "replace":
            return _replace(owner, given)
        if name == "format" and isinstance(owner, str):
            named = {key: plain(value) for key, value in keywords.items()}
            if _HARMLESS_BRACES.fullmatch(owner) is None:
                return UNKNOWN
            values = (*given, *named.values())
            return _bounded(owner, values, lambda: owner.format(*given, **named))
        if name in ("decode", "encode"):
            return transcode(owner, given[0] if given else "utf-8")
        if name == "translate" and isinstance(owner, str):
            return UNKNOWN
        if name in _METHODS and not keywords:
            return wrap(getattr(owner, name)(*given))
    except (*_ERRORS, OverflowError):
        pass
    return UNKNOWN


def transcode(owner: object, encoding: object) -> Value:
    """Encode or decode by a named codec; those that are not about text are decoders' work."""
    from weighbridge.formats.python.decoding import by_codec

    if not isinstance(encoding, str) or not isinstance(owner, str | bytes):
        return UNKNOWN
    return by_codec(owner, encoding)


def _join(owner: str | bytes, arguments: list[Value]) -> Value:
    parts = items_of(arguments[0]) if len(arguments) == 1 else None
    if parts is None:
        return UNKNOWN
    texts = [part.value for part in parts if isinstance(part, Const)]
    if len(texts) != len(parts) or not all(isinstance(text, type(owner)) for text in texts):
        return UNKNOWN
    total = sum(len(text) + len(owner) for text in texts if isinstance(text, str | bytes))
    return wrap(owner.join(texts)) if total <= 2 * LONGEST else UNKNOWN  # type: ignore[arg-type]


def _replace(owner: str | bytes, given: list[Plain | list[Plain]]) -> Value:
    old, new, *_ = given
    if not isinstance(old, type(owner)) or not isinstance(new, type(owner)):
        return UNKNOWN
    found = owner.count(old)  # type: ignore[arg-type]
    if len(owner) + found * len(new) > 4 * LONGEST:
        return UNKNOWN
    return wrap(owner.replace(*given))  # type: ignore[arg-type]


def subscript(owner: Value, key: Value) -> Value:
    """Compute `owner[key]` for a constant key."""
    if not isinstance(key, Const):
        return UNKNOWN
    try:
        if isinstance(owner, Items):
            if isinstance(key.value, int) and key.value < 0:
                return list(owner.values.values())[key.value]
            return owner.values.get(key.value, UNKNOWN)
        if isinstance(owner, Const) and isinstance(owner.value, str | bytes):
            return wrap(owner.value[key.value])  # type: ignore[index]
    except _ERRORS:
        pass
    return UNKNOWN


def part(owner: Value, bounds: list[Value | None]) -> Value:
    """Compute `owner[start:stop:step]`."""
    limits: list[int | None] = []
    for bound in bounds:
        number = bound.value if isinstance(bound, Const) else bound
        if number is not None and not isinstance(number, int):
            return UNKNOWN
        limits.append(number)
    try:
        cut = slice(*limits)
        if isinstance(owner, Items):
            return sequence(list(owner.values.values())[cut])
        if isinstance(owner, Const) and isinstance(owner.value, str | bytes):
            return wrap(owner.value[cut])
    except _ERRORS:
        pass
    return UNKNOWN
