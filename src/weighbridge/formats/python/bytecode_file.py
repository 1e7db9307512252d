"""Compiled Python modules, ``.pyc``.

    magic  two bytes for the version of Python, then a carriage return and a newline
    rest   of the header, by version 4 to 12 bytes (PEP 3147, PEP 552): flags, time and size or hash
    code   one marshalled code object

Python imports such a file instead of its source when it lies in ``__pycache__`` and fits, or when
there is no source. What the code does is read from the names it uses; it is never unmarshalled. Its
calls are those that an import may make.
"""

from __future__ import annotations

from dataclasses import replace

from weighbridge.errors import MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.code_objects import code_fact, collect
from weighbridge.formats.python.effects import Names
from weighbridge.formats.python.import_time import owners_of, run_by_import
from weighbridge.formats.python.marshal_reader import CodeObject, read, strip_pyc_header
from weighbridge.sources.base import Source

NAME = "python-bytecode"
_HEAD = 64


def claims(source: Source, head: bytes) -> bool:
    """Say whether a header of some version stands before what looks like a code object."""
    return len(strip_pyc_header(head[:_HEAD])) < len(head[:_HEAD])


def parse(context: Context, source: Source, place: Place) -> bool:
    """State the code that the module consists of.

    Raises:
        MalformedInput: there is no code object behind the header.
        LimitExceeded: the file is too large to read at once, or nested too deeply.
    """
    context.budget.take_payload(source.size)
    data = source.read_at(0, source.size)
    raw = strip_pyc_header(data)
    code = read(raw, context.budget)
    if not isinstance(code, CodeObject):
        raise MalformedInput("bytecode", "there is no code object behind the header", 16)
    context.format(place, NAME, source.size)
    fact = code_fact(
        code, stream=None, member=place.member, offset=len(data) - len(raw), call=None, raw=raw
    )
    magic = int.from_bytes(data[:2], "little")
    running = run_by_import(code, magic)
    names = Names()
    collect(code, names, only=None if running is None else frozenset(map(id, running)))
    calls = tuple(names.calls)
    # Names come without what they belong to, and `platform.system()` looks like `os.system()`.
    owners = owners_of("system", running or (), magic)
    if owners and all("platform" in owner for owner in owners):
        calls = tuple(name for name in calls if name != "os.system")
    context.add(replace(fact, origin=NAME, calls=calls, imports=tuple(names.imports)))
    return True
