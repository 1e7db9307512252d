"""Which names of a code object are loaded by themselves, and not as attributes of something.

`code.run` and `model.code` both put `code` among the names; only the bytecode tells the module
from the attribute. The answer errs on one side: a name is called an attribute only when no
instruction of any version of Python, at any position, could load or import it.
"""

from __future__ import annotations

from weighbridge.formats.python.marshal_layouts import PYTHON_2
from weighbridge.formats.python.marshal_values import CodeObject

# LOAD_NAME, LOAD_GLOBAL, LOAD_FROM_DICT_OR_GLOBALS, IMPORT_NAME up to 3.12, then of 3.13, 3.14.
_LOADS = frozenset({101, 116, 175, 108})
_LOADS_NEW = _LOADS | {90, 91, 92, 75} | {91, 92, 93, 73}
# LOAD_ATTR, LOAD_METHOD, IMPORT_FROM, likewise.
_TAKES = frozenset({106, 160, 109})
_TAKES_NEW = _TAKES | {82, 74} | {80, 72}
# Their argument has a flag in its lowest bit: always, or in some of the versions that use them.
_FLAGGED = frozenset({116, 82, 80})
_SOMETIMES_FLAGGED = frozenset({106, 91, 92})
# LOAD_FAST, LOAD_FAST_BORROW: modules imported within a function are local variables.
_FAST = frozenset({124})
_FAST_NEW = _FAST | {85} | {84, 86}
_PREFIXES = frozenset({144, 71, 69})
_MOST_CODE = 1 << 20


def loaded_names(code: CodeObject) -> frozenset[str]:
    """Return the names that may be loaded as globals or imported.

    Names with an index above 255 need a prefix instruction and always count, and so do all names
    when the bytecode is not known.
    """
    if not code.code or not code.layout or len(code.code) > _MOST_CODE:
        return frozenset(code.names)
    used = _indices(code.code, code.layout)
    return frozenset(name for index, name in enumerate(code.names) if index > 255 or index in used)


def _indices(bytecode: bytes, layout: str) -> set[int]:
    new = layout == "3.11"
    loads = _LOADS_NEW if new else _LOADS
    used: set[int] = set()
    for at, (opcode, argument) in enumerate(zip(bytecode, bytecode[1:], strict=False)):
        if opcode not in loads:
            continue
        if layout in (PYTHON_2, "3.0") and bytecode[at + 2 : at + 3] not in (b"\0", b""):
            # Three-byte instructions up to 3.5; 3.6 has two-byte ones in the same layout.
            used.add(argument | bytecode[at + 2] << 8)
        used.update(_arguments(opcode, argument, new))
    return used


def taken_from(code: CodeObject) -> frozenset[tuple[str, str]]:
    """Return (name, attribute) where an attribute is taken at once from what has that name.

    Names are those of globals, imports and local variables. It is empty without bytecode.
    """
    if not code.code or not code.layout or len(code.code) > _MOST_CODE:
        return frozenset()
    new = code.layout == "3.11"
    loads, takes = (_LOADS_NEW, _TAKES_NEW) if new else (_LOADS, _TAKES)
    fast = _FAST_NEW if new else _FAST
    found: set[tuple[str, str]] = set()
    for at, opcode in enumerate(code.code[:-3]):
        if opcode not in loads and opcode not in fast:
            continue
        for width in (2, 3) if code.layout in (PYTHON_2, "3.0") else (2,):
            follows = _next(code.code, at + width)
            if follows + 1 < len(code.code) and code.code[follows] in takes:
                owners = _named(code, at, new) if opcode in loads else _local(code, at)
                taken = _named(code, follows, new)
                found.update((owner, name) for owner in owners for name in taken)
    return frozenset(found)


def _next(bytecode: bytes, at: int) -> int:
    """Return where the next instruction is, behind caches and prefixes."""
    for _ in range(12):
        if at >= len(bytecode) or bytecode[at] not in _PREFIXES and bytecode[at] != 0:
            break
        at += 2
    return at


def _named(code: CodeObject, at: int, new: bool) -> list[str]:
    indices = _arguments(code.code[at], code.code[at + 1], new)
    return [code.names[index] for index in indices if index < len(code.names)]


def _local(code: CodeObject, at: int) -> list[str]:
    return list(code.varnames[code.code[at + 1] :][:1])


def _arguments(opcode: int, argument: int, new: bool) -> set[int]:
    """Return what the argument of an instruction can mean as an index."""
    if new and opcode in _FLAGGED:
        return {argument >> 1}
    return {argument, argument >> 1} if new and opcode in _SOMETIMES_FLAGGED else {argument}
