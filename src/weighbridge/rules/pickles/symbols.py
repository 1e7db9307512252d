"""Judges an imported symbol by its exact name: known-good, known-dangerous, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from weighbridge.facts.pickles import Import
from weighbridge.tables.callables import (
    Dangerous,
    benign,
    dangerous,
    dangerous_through,
    family,
    of_family,
    operand,
)
from weighbridge.tables.libraries import library_kind

# Modules that lead from an attribute of anything to a shell or to the interpreter itself.
_GATEWAYS = frozenset(
    "os sys subprocess builtins __builtins__ importlib shutil socket ctypes posix nt pty runpy "
    "marshal pickle _pickle __globals__ __dict__ __subclasses__ __getattribute__ __import__ "
    "__builtin__ __base__ __mro__ __reduce__ __reduce_ex__ __code__ __init_subclass__ __self__ "
    "__loader__ __spec__ __closure__ f_globals f_builtins f_back gi_frame cr_frame tb_frame".split()
)


class Standing(Enum):
    """What is known about a symbol."""

    GOOD = "good"
    OPERANDS = "operands"
    DANGEROUS = "dangerous"
    UNVOUCHED = "unvouched"
    THIRD_PARTY = "third-party"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The standing of a symbol with what explains it.

    Attributes:
        use: for GOOD, the use that is vouched for (`any`, `rebuild`, `reference`, `family`).
        judge: for OPERANDS, the handler that looks at the arguments.
        effect: for DANGEROUS, the row's effect.
        origin: for DANGEROUS, how the row was found; for UNVOUCHED, the kind of library,
            or `family` for a package that models are saved with.
        reason: for people.
    """

    standing: Standing
    use: str = ""
    judge: str = ""
    effect: str = ""
    severity: str = ""
    origin: str = ""
    reason: str = ""


def judge_import(fact: Import) -> Judgement:
    """Return the standing of an import fact, the worse of its raw and its mapped name."""
    if fact.computed:
        return Judgement(Standing.COMPUTED, reason="its name is computed while loading")
    raw = judge_name(fact.module, fact.name, fact.dotted)
    if (fact.resolved_module, fact.resolved_name) == (fact.module, fact.name):
        return raw
    resolved = judge_name(fact.resolved_module, fact.resolved_name, fact.dotted)
    if Standing.DANGEROUS in (raw.standing, resolved.standing):
        return raw if raw.standing is Standing.DANGEROUS else resolved
    good = (Standing.GOOD, Standing.OPERANDS)
    return raw if raw.standing in good else resolved


@lru_cache(8192)
def judge_name(module: str, name: str, dotted: bool) -> Judgement:
    """Return the standing of `name` in `module`.

    Args:
        module: as imported.
        name: as looked up in it.
        dotted: whether the unpickler walks dots in the name (protocol 4 and later).
    """
    vouched = operand(module, name)
    if vouched is not None:
        return Judgement(Standing.OPERANDS, judge=vouched.judge, reason=vouched.reason)
    known = benign(module, name)
    if known is not None:
        return Judgement(Standing.GOOD, use=known.use, reason=known.reason)
    row = dangerous(module, _called(name) if dotted else name)
    if row is not None:
        return _dangerous(row)
    if "." in name and dotted:
        through = dangerous_through(module, name)
        if through is not None:
            return _dangerous(through)
    if leads_out(name):
        return Judgement(
            Standing.DANGEROUS,
            effect="object_graph",
            severity="high",
            origin="rule",
            reason="reaches another module or the interpreter's insides through an attribute",
        )
    relative = family(module, name)
    if relative is not None:
        return Judgement(Standing.GOOD, use="family", reason=relative.reason)
    kind = library_kind(module)
    if kind == "ml" and name.startswith("__pyx_unpickle_") and name.isidentifier():
        # Cython writes this function for every extension class that can be pickled: it makes an
        # instance of that very class and fills it.
        return Judgement(Standing.GOOD, use="any", reason="how Cython rebuilds its classes")
    if kind is not None:
        origin = "family" if kind == "ml" and of_family(module, name) else kind
        reason = "nobody has vouched for it in a model"
        return Judgement(Standing.UNVOUCHED, origin=origin, reason=reason)
    return Judgement(Standing.THIRD_PARTY, reason="code of a package that is not known")


def _called(name: str) -> str:
    """Return what is called through `__call__`, which is the callable itself once more."""
    while name.endswith(".__call__"):
        name = name.removesuffix(".__call__")
    return name


def leads_out(name: str) -> bool:
    """Say whether a dotted name passes through a module or the interpreter's own attributes."""
    parts = name.split(".")
    return any(part.lstrip("_") in _GATEWAYS or part in _GATEWAYS for part in parts)


def _dangerous(row: Dangerous) -> Judgement:
    return Judgement(
        Standing.DANGEROUS,
        effect=row.effect,
        severity=row.severity,
        origin=row.origin,
        reason=row.reason,
    )
