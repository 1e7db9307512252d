"""Python code in a configuration: base64 of marshal data, as `func_dump` of Keras writes it.

`func_load` (keras/src/utils/python_utils.py) decodes leniently: what is no base64 letter is
skipped, and text that is no base64 at all is taken as the marshal data itself. The same is done
here. Up to Keras 2 the layer may also name a module whose globals the code then sees. Source text
in its place is never compiled by Keras, but nothing that Keras writes has any.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import replace

from weighbridge.errors import ParseError
from weighbridge.facts.pickles import Code
from weighbridge.formats.context import Context, Place
from weighbridge.formats.keras.literals import excerpt
from weighbridge.formats.python.code_objects import code_fact
from weighbridge.formats.python.marshal_reader import CodeObject, looks_like_marshal_code, read
from weighbridge.formats.python.marshal_values import Allowance, MarshalValue, flat
from weighbridge.formats.python.name_usage import loaded_names
from weighbridge.formats.python.source import source_fact

ORIGIN = "keras-lambda"
_BEGINNING = 200
_SHORTEST = 60
_MOST_OBJECTS = 100
_MOST_CONSTANTS = 64
_INSIDES = frozenset(
    "__subclasses__ __globals__ __builtins__ __mro__ __base__ __bases__ __code__ __closure__ "
    "__getattribute__ __dict__ __loader__ __self__ f_globals f_builtins gi_frame tb_frame".split()
)


def decoded(text: str) -> bytes:
    """Return the bytes that Keras would unmarshal."""
    try:
        return binascii.a2b_base64(text.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        return text.encode("raw_unicode_escape", "backslashreplace")


def looks_like_code(text: str) -> bool:
    """Say whether a text could be a code object, by its beginning."""
    if len(text) < _SHORTEST:
        return False
    head = text[:_BEGINNING]
    try:
        letters = "".join(head.split()).encode("ascii")
        if looks_like_marshal_code(base64.b64decode(letters[: len(letters) // 4 * 4])):
            return True
    except (UnicodeEncodeError, binascii.Error):
        pass
    return looks_like_marshal_code(head.encode("raw_unicode_escape", "backslashreplace"))


def code_of(
    context: Context, place: Place, text: str, name: str, module: str | None, more: object
) -> str:
    """Add the fact about one piece of marshalled code; return the hash of its bytes.

    Args:
        context: of the file.
        place: of the configuration.
        text: as the configuration holds it.
        name: of the layer, and where it stands.
        module: whose globals the code sees, if the layer names one.
        more: defaults, closure and arguments of the layer.
    """
    data = decoded(text)
    digest = hashlib.sha256(data).hexdigest()
    try:
        context.budget.take_payload(len(data))
        value: MarshalValue = read(data, context.budget)
    except (ParseError, RecursionError) as error:
        why = error.text if isinstance(error, ParseError) else "it is nested too deeply"
        context.add(_unread(place, name, why, digest))
        return digest
    code = _first_code(value)
    if code is None:
        context.add(_unread(place, name, "it is no code object", digest))
        return digest
    # What it is called with can name modules and attributes as well as its own constants can.
    given = replace(code, constants=(*code.constants, *_texts(more)))
    fact = code_fact(given, stream=None, member=place.member, offset=0, call=None, raw=data)
    calls = dict.fromkeys((*fact.calls, *_through(code, module), *_reflection(code)))
    context.add(replace(fact, origin=ORIGIN, name=name, calls=tuple(calls)))
    return digest


def source_of(context: Context, place: Place, text: str, name: str) -> str | None:
    """Add the fact about source text that stands where a function is named.

    Args:
        context: of the file.
        place: of the configuration.
        text: as the configuration holds it.
        name: of the layer, and where it stands.

    Returns:
        The hash of the text; None where it is a name, or no code.
    """
    if all(part.isidentifier() for part in text.split(".")):
        return None
    fact = source_fact(
        text,
        stream=None,
        member=place.member,
        offset=0,
        call=None,
        name=name,
        budget=context.budget,
    )
    if not fact.complete and not fact.calls and not fact.imports:
        return None
    context.add(replace(fact, origin=ORIGIN))
    return fact.sha256


def _unread(place: Place, name: str, why: str, digest: str) -> Code:
    text = f"its bytecode cannot be read: {why}"
    return Code(None, place.member, 0, ORIGIN, name, None, (), (), (), False, excerpt(text), digest)


def _first_code(value: MarshalValue) -> CodeObject | None:
    items = flat((value,), Allowance(10_000))
    return next((item for item in items if isinstance(item, CodeObject)), None)


def _objects(code: CodeObject) -> Iterator[CodeObject]:
    waiting, seen = [code], 0
    while waiting and seen < _MOST_OBJECTS:
        current = waiting.pop()
        seen += 1
        waiting.extend(current.nested)
        yield current


def _through(code: CodeObject, module: str | None) -> Iterator[str]:
    """Yield what a name means when the globals of `module` are the code's own."""
    if not module or module in ("__main__", "__builtin__", "builtins"):
        return
    for current in _objects(code):
        for name in sorted(loaded_names(current)):
            yield excerpt(f"{module}.{name}", 200)


def _reflection(code: CodeObject) -> Iterator[str]:
    """Yield attributes that lead from any object to the interpreter's insides."""
    for current in _objects(code):
        yield from (f"builtins.object.{name}" for name in current.names if name in _INSIDES)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts among defaults and closure; one level of lists and dicts is enough."""
    pending = [value]
    for _ in range(_MOST_CONSTANTS * 4):
        if not pending:
            return
        item = pending.pop()
        if isinstance(item, str):
            yield excerpt(item)
        elif isinstance(item, dict):
            pending.extend(list(item.values())[:_MOST_CONSTANTS])
        elif isinstance(item, list):
            pending.extend(item[:_MOST_CONSTANTS])
