"""Both machines, compiled and not, and short ways to run a stream on them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from hypothesis import settings

from weighbridge.budget import Budget, Limits
from weighbridge.formats.pickle import layout, machine
from weighbridge.formats.pickle.interpreter import Interpreter
from weighbridge.formats.pickle.trace import Attention, Trace
from weighbridge.sources.memory import BytesSource

SPEC = settings(derandomize=True, deadline=None, database=None, max_examples=200)


class _Every(dict[tuple[str, str], None]):
    """A mapping that has every key."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: object) -> None:
        return None


EVERYTHING = Attention(positions=_Every(), persistent=lambda offset, pid: None)
"""Every call is told apart by its arguments."""


def load_uncompiled(window: int = layout.WINDOW) -> ModuleType:
    """Return machine.py as plain Python, under another name."""
    path = Path(layout.__file__).with_name("machine.py")
    spec = importlib.util.spec_from_file_location(f"machine_uncompiled_{window}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.WINDOW = window
    return module


UNCOMPILED = load_uncompiled()
assert not UNCOMPILED.COMPILED
CORES = {"uncompiled": UNCOMPILED.Core}
if machine.COMPILED:
    CORES["compiled"] = machine.Core
INTERPRETERS = {name: Interpreter(core=core) for name, core in CORES.items()}


def trace_of(
    data: bytes,
    name: str = "uncompiled",
    attention: Attention = EVERYTHING,
    limits: Limits | None = None,
) -> Trace:
    """Run one stream on the named machine."""
    budget = Budget(limits or Limits())
    return INTERPRETERS[name].run(BytesSource(data), 0, budget, attention)
