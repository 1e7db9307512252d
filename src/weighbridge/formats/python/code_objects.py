"""A code object to a fact, from the names it uses.

The bytecode is not interpreted. A code object lists the names it uses, modules, attributes and
globals in one tuple; a module among them is paired with the others, and the pairs that the table
of callables knows become the calls. Shuffling the bytecode does not hide a name from that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from weighbridge.facts.pickles import Code
from weighbridge.formats.python.code_arguments import code_from_arguments
from weighbridge.formats.python.effects import (
    BUILTIN_MODULES,
    BUILTINS,
    CUSTOMARY,
    TEXT_LENGTH,
    Names,
    excerpt,
    is_library,
)
from weighbridge.formats.python.marshal_values import Allowance, CodeObject, MarshalValue, flat
from weighbridge.formats.python.name_usage import loaded_names, taken_from
from weighbridge.tables.callables import Dangerous, dangerous

__all__ = ["code_fact", "code_from_arguments", "collect"]

MOST_OBJECTS = 1_000
MOST_LOOKUPS = 40_000
MOST_CONSTANTS_SEEN = 100_000
MOST_BYTECODE = 1 << 20
_MOST_NAMES = 2_000
_MOST_MODULES = 40
# With one of these, a string constant can be the name of a module or an attribute.
_REFLECTION = frozenset(
    {
        "__builtins__", "__dict__", "__getattribute__", "__globals__", "__import__", "__loader__",
        "attrgetter", "f_globals", "getattr", "globals", "import_module", "locals",
        "methodcaller", "modules", "resolve_name", "load_module", "locate", "vars",
    }
)  # fmt: skip


def code_fact(
    code: CodeObject,
    *,
    stream: int | None,
    member: str | None,
    offset: int,
    call: int | None,
    raw: bytes,
) -> Code:
    """Describe a code object and all code objects inside it.

    Args:
        code: what was read.
        stream: number of the pickle stream that carries it.
        member: place inside the file.
        offset: where it begins, in bytes.
        call: number of the call that takes it.
        raw: its bytes, for the hash; without them its bytecode is hashed.
    """
    names, used = Names(), dict[str, None]()
    collect(code, names, used)
    return Code(
        stream=stream,
        member=member,
        offset=offset,
        origin="code-object",
        name=excerpt(code.qualname or code.name, 200),
        call=call,
        imports=tuple(names.imports),
        calls=tuple(names.calls),
        constants=tuple(names.constants),
        complete=names.complete,
        text=_summary(code, used, names),
        sha256=hashlib.sha256(raw or code.code).hexdigest(),
    )


def _summary(code: CodeObject, used: dict[str, None], names: Names) -> str:
    shown = [f"code object {code.qualname or code.name or '?'}"]
    shown.append(f"names: {', '.join(list(used)[:100])}")
    shown.append(f"constants: {', '.join(repr(item) for item in names.constants)}")
    return excerpt("; ".join(shown), TEXT_LENGTH)


def collect(
    code: CodeObject,
    into: Names,
    used: dict[str, None] | None = None,
    only: frozenset[int] | None = None,
) -> None:
    """Add what a code object and those inside it use to `into`; every name also to `used`.

    Args:
        code: where to begin.
        into: where imports, calls and constants go.
        used: where every name goes.
        only: identities of the code objects that are looked at; all by default.
    """
    seen: set[int] = set()
    waiting: list[tuple[CodeObject, tuple[str, ...]]] = [(code, ())]
    pairing, allowance = _Pairing(into), Allowance(MOST_CONSTANTS_SEEN)
    while waiting:
        current, outer = waiting.pop(0)
        if id(current) in seen:
            continue
        if len(seen) >= MOST_OBJECTS:
            into.complete = False
            return
        seen.add(id(current))
        if used is not None:
            used.update(dict.fromkeys(current.names[:_MOST_NAMES]))
        into.complete &= current.complete and len(current.names) <= _MOST_NAMES
        modules = pairing.examine(current, outer)
        for value in flat(current.constants, allowance):
            if isinstance(value, str | bytes):
                into.add_constant(value)
        nested = (one for one in current.nested if only is None or id(one) in only)
        waiting.extend((inner, modules) for inner in nested)


class _Pairing:
    """Pairs the modules that code objects name with the other names in them."""

    def __init__(self, into: Names) -> None:
        self._into = into
        self._left = MOST_LOOKUPS
        self._bytecode_left = MOST_BYTECODE

    def examine(self, code: CodeObject, outer: tuple[str, ...]) -> tuple[str, ...]:
        """Add what one code object uses; return the modules that code inside it can see."""
        if self._left < 0:
            return ()
        self._bytecode_left -= len(code.code)
        if self._bytecode_left < 0:  # without bytecode every name counts
            code = replace(code, code=b"")
        names = tuple(dict.fromkeys(code.names[:_MOST_NAMES]))
        loaded = loaded_names(code)
        own = list(_modules(names, loaded))
        for module in own:
            if module in loaded or module.split(".")[0] in loaded:
                self._into.add_import(module)
        for name in names:
            if name in BUILTINS and name in loaded:
                self._into.add_call(f"builtins.{name}")
        words = tuple(_words(code)) if not _REFLECTION.isdisjoint(names) else ()
        by_name = [word for word in words if is_library(word)]
        for module in by_name:
            self._into.add_import(module)
        modules = tuple(dict.fromkeys([*own, *outer, *by_name, *_submodules(own, names)]))[
            :_MOST_MODULES
        ]
        imported = tuple(_imported_from(code))
        listed = tuple(dict.fromkeys([*names, *imported, *words]))
        known = bool(code.code and code.layout)
        attributes = set(imported) if known else {*names, *imported}
        pairs = taken_from(code)
        for module in modules:
            exact, whole = self._pairs(module, listed)
            if module in outer or module.split(".")[0] in loaded or module in loaded:
                word = _word(module, names)
                taken = [name for owner, name in sorted(pairs) if owner == word]
                taken = taken or _follower(word, names, attributes)
                exact += [name for name in taken if name in whole]
            for name in dict.fromkeys(exact):
                # `x.select()` is no `select.select`: one name for both has to be a global.
                if name != module or name in loaded:
                    self._into.add_call(f"{module}.{name}")
        return tuple(dict.fromkeys([*own, *outer]))[:_MOST_MODULES]

    def _pairs(self, module: str, listed: tuple[str, ...]) -> tuple[list[str], list[str]]:
        """Return the names known by a row of their own, and those by a row of the module."""
        found: list[tuple[str, Dangerous]] = []
        for name in _with_methods(listed):
            self._left -= 1
            if self._left < 0:
                self._into.complete = False
                break
            row = dangerous("builtins" if module in BUILTIN_MODULES else module, name)
            # A row for a whole module is about this one, or the parent reports it.
            if row is not None and row.module in (module, "builtins"):
                found.append((name, row))
        exact = [name for name, row in found if row.name != "*"]
        return exact, [name for name, row in found if row.name == "*"]


def _modules(names: tuple[str, ...], loaded: frozenset[str]) -> Iterator[str]:
    for name in names:
        if "." in name or is_library(name):
            yield name
        elif name in CUSTOMARY and name in loaded:
            yield CUSTOMARY[name]


def _submodules(modules: list[str], names: tuple[str, ...]) -> Iterator[str]:
    """Yield `urllib.request` for `urllib` followed by `request`; two levels."""
    for module in modules:
        word = _word(module, names)
        if word not in names:
            continue
        at = names.index(word)
        for first in names[at + 1 : at + 4]:
            yield f"{module}.{first}"
        if len(names) > at + 2:
            yield f"{module}.{names[at + 1]}.{names[at + 2]}"


def _with_methods(names: tuple[str, ...]) -> Iterator[str]:
    yield from names
    classes = [name for name in names if name[:1].isupper() or name.lstrip("_")[:1].isupper()]
    for owner in classes[:12]:
        for method in names[:200]:
            if method != owner:
                yield f"{owner}.{method}"


def _word(module: str, names: tuple[str, ...]) -> str:
    """Return the name that stands for a module: `np`, or the last part of a submodule."""
    if module in names:
        return module
    customary = {full: short for short, full in CUSTOMARY.items()}
    return customary.get(module, module.rpartition(".")[2])


def _follower(word: str, names: tuple[str, ...], attributes: set[str]) -> list[str]:
    """Return the attribute that first follows the module: names stand in order of first use."""
    if word not in names:
        return []
    for name in names[names.index(word) + 1 :]:
        if is_library(name):
            break
        if name in attributes:
            return [name]
    return []


def _imported_from(code: CodeObject) -> Iterator[str]:
    """Yield the names in constants such as `('system',)`, which `from os import` leaves."""
    for value in code.constants[:_MOST_NAMES]:
        if isinstance(value, tuple):
            yield from _identifiers(value[:50])


def _words(code: CodeObject) -> Iterator[str]:
    """Yield the string constants that could be names, the first few."""
    yield from _identifiers(code.constants[:_MOST_NAMES])


def _identifiers(values: tuple[MarshalValue, ...]) -> Iterator[str]:
    for value in values:
        if isinstance(value, bytes) and len(value) < 60:  # a str of Python 2
            value = value.decode("latin-1")
        short = isinstance(value, str) and len(value) < 60
        if short and all(part.isidentifier() for part in str(value).split(".")):
            yield str(value)
