"""Which code objects of a compiled module may run when it is imported.

The module itself does, and the bodies of its classes; functions when something that runs loads
their name, and methods when it uses theirs. This errs on the side of running.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from weighbridge.formats.python.marshal_values import CodeObject
from weighbridge.formats.python.name_usage import loaded_names

_MOST = 20_000
# Names that the body of a class stores first.
_CLASS_BODY = "__module__"
_FIRST_NAMES = 4
# By the first magic number of a version (importlib/_bootstrap_external.py): the instructions that
# load a name by its index (opcode.py), the one of them whose argument has a flag below, and the
# prefix that makes an argument longer.
_LOADS: tuple[tuple[int, frozenset[int], int, int], ...] = (
    (3600, frozenset({91, 92, 93}), 92, 69),
    (3550, frozenset({90, 91, 92}), 91, 71),
    (3500, frozenset({101, 116, 175}), 116, 144),
    (3450, frozenset({101, 116}), 116, 144),
    (3360, frozenset({101, 116}), -1, 144),
)
_LATEST = 3699


class _Known(NamedTuple):
    code: CodeObject
    within: CodeObject


def run_by_import(module: CodeObject, magic: int) -> frozenset[int]:
    """Return the identities of the code objects that may run; at most the first 20,000.

    Args:
        module: as it was read.
        magic: number that the file begins with, which tells the version of Python.
    """
    waiting, run = [module], {id(module)}
    known: dict[int, _Known] = {}
    used, loaded = set[str](), set[str]()
    while waiting and len(run) < _MOST:
        current = waiting.pop()
        loaded.update(_loaded(current, magic))
        if not _is_class(current):
            used.update(current.names)
        for inner in current.nested:
            known.setdefault(id(inner), _Known(inner, current))
        for number in [n for n, one in known.items() if _runs(one, module, loaded, used)]:
            run.add(number)
            waiting.append(known.pop(number).code)
    return frozenset(run)


def _runs(one: _Known, module: CodeObject, loaded: set[str], used: set[str]) -> bool:
    name = one.code.name
    if name.startswith("<") or _is_class(one.code):
        return True
    if _is_class(one.within):
        special = name.startswith("__") and name.endswith("__")
        return name in used or (special and one.within.name in loaded)
    # What a function makes is a variable of its own.
    return one.within is not module or name in loaded


def _is_class(code: CodeObject) -> bool:
    return _CLASS_BODY in code.names[:_FIRST_NAMES]


def _loaded(code: CodeObject, magic: int) -> Iterator[str]:
    row = next((row for row in _LOADS if row[0] <= magic <= _LATEST), None)
    if row is None or not code.code:
        yield from loaded_names(code)
        return
    _, loads, flagged, prefix = row
    high = 0
    for opcode, low in zip(code.code[::2], code.code[1::2], strict=False):
        argument = high | low
        high = argument << 8 & 0xFFFFFF if opcode == prefix else 0
        index = argument >> 1 if opcode == flagged else argument
        if opcode in loads and index < len(code.names):
            yield code.names[index]
