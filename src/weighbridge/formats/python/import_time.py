"""Which code objects of a compiled module may run when it is imported.

The module itself does, and the bodies of its classes; functions when something that runs loads
their name, and methods when it uses theirs. This errs on the side of running.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from weighbridge.formats.python.marshal_values import CodeObject
from weighbridge.formats.python.name_usage import loaded_names

_MOST = 20_000
# Names that the body of a class stores first.
_CLASS_BODY = "__module__"
_FIRST_NAMES = 4


class _Version(NamedTuple):
    """Instructions of a version (opcode.py), from a magic number on (_bootstrap_external.py).

    Attributes:
        loads: those that load a name by its index.
        takes: those that take an attribute.
        flagged: those whose argument has a flag below the index.
        prefix: makes an argument longer.
    """

    magic: int
    loads: frozenset[int]
    takes: frozenset[int]
    flagged: frozenset[int]
    prefix: int


_VERSIONS = (
    _Version(3600, frozenset({91, 92, 93}), frozenset({80}), frozenset({92, 80}), 69),
    _Version(3550, frozenset({90, 91, 92}), frozenset({82}), frozenset({91, 82}), 71),
    _Version(3500, frozenset({101, 116, 175}), frozenset({106}), frozenset({116, 106}), 144),
    _Version(3450, frozenset({101, 116}), frozenset({106, 160}), frozenset({116}), 144),
    _Version(3360, frozenset({101, 116}), frozenset({106, 160}), frozenset(), 144),
)
_LATEST = 3699
_CACHE = 0


def run_by_import(module: CodeObject, magic: int) -> list[CodeObject] | None:
    """Return the code objects that may run; None where there are too many to tell.

    Args:
        module: as it was read.
        magic: number that the file begins with, which tells the version of Python.
    """
    running = _Running(module, magic)
    while running.waiting:
        if len(running.found) > _MOST:
            return None
        running.visit(running.waiting.pop())
    return list(running.found.values())


class _Running:
    """What runs so far, and what would run if its name were loaded or used."""

    def __init__(self, module: CodeObject, magic: int) -> None:
        self._module = module
        self._magic = magic
        self._loaded: set[str] = set()
        self._used: set[str] = set()
        self._if_loaded: dict[str, list[CodeObject]] = {}
        self._if_used: dict[str, list[CodeObject]] = {}
        self.found = {id(module): module}
        self.waiting = [module]

    def visit(self, code: CodeObject) -> None:
        """Add what runs because `code` does."""
        is_class = _is_class(code)
        for inner in code.nested:
            self._meet(inner, code, is_class)
        for name in set(_names_loaded(code, self._magic)) - self._loaded:
            self._loaded.add(name)
            self._run(self._if_loaded.pop(name, ()))
        for name in set() if is_class else set(code.names) - self._used:
            self._used.add(name)
            self._run(self._if_used.pop(name, ()))

    def _meet(self, inner: CodeObject, within: CodeObject, in_class: bool) -> None:
        name = inner.name
        own = within is not self._module and not in_class  # A variable of the function's own.
        if own or name.startswith("<") or _is_class(inner):
            self._run([inner])
        elif not in_class:
            self._await(inner, name, self._loaded, self._if_loaded)
        else:
            self._await(inner, name, self._used, self._if_used)
            if name.startswith("__") and name.endswith("__"):
                self._await(inner, within.name, self._loaded, self._if_loaded)

    def _await(
        self, code: CodeObject, name: str, known: set[str], later: dict[str, list[CodeObject]]
    ) -> None:
        if name in known:
            self._run([code])
        else:
            later.setdefault(name, []).append(code)

    def _run(self, codes: list[CodeObject] | tuple[()]) -> None:
        for code in codes:
            if id(code) not in self.found:
                self.found[id(code)] = code
                self.waiting.append(code)


def _is_class(code: CodeObject) -> bool:
    return _CLASS_BODY in code.names[:_FIRST_NAMES]


def owners_of(name: str, codes: Iterable[CodeObject], magic: int) -> set[str]:
    """Return from what an attribute of a name is taken: a global, or an empty text for all else."""
    found: set[str] = set()
    for code in codes:
        owner = ""
        for opcode, version, index in _instructions(code, magic):
            known = code.names[index] if index < len(code.names) else ""
            if opcode in version.takes and known == name:
                found.add(owner)
            owner = known if opcode in version.loads else ""
    return found


def _names_loaded(code: CodeObject, magic: int) -> Iterator[str]:
    if not code.code or _version(magic) is None:
        yield from loaded_names(code)
        return
    for opcode, version, index in _instructions(code, magic):
        if opcode in version.loads and index < len(code.names):
            yield code.names[index]


def _version(magic: int) -> _Version | None:
    return next((one for one in _VERSIONS if one.magic <= magic <= _LATEST), None)


def _instructions(code: CodeObject, magic: int) -> Iterator[tuple[int, _Version, int]]:
    """Yield each instruction with its argument as an index of a name; none of other versions."""
    version = _version(magic)
    if version is None:
        return
    high = 0
    for opcode, low in zip(code.code[::2], code.code[1::2], strict=False):
        argument = high | low
        high = argument << 8 & 0xFFFFFF if opcode == version.prefix else 0
        if opcode not in (version.prefix, _CACHE):
            yield opcode, version, argument >> 1 if opcode in version.flagged else argument
