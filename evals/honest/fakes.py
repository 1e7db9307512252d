"""Stand-ins for packages that are too heavy to install: modules with classes of the right names.

The files that come out are what the real packages write: an instance with its state.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def make(dotted: str, *bases: type, **attributes: Any) -> type:
    """Return a class that pickles as `dotted` and whose package can be imported."""
    module, _, name = dotted.rpartition(".")
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        full = ".".join(parts[:end])
        if full not in sys.modules:
            sys.modules[full] = types.ModuleType(full)
            _MADE.append(full)
    cls = type(name, bases or (object,), {"__module__": module, "__qualname__": name, **attributes})
    if not hasattr(sys.modules[module], name):
        _ATTRIBUTES.append((module, name))
    setattr(sys.modules[module], name, cls)
    return cls


_MADE: list[str] = []
_ATTRIBUTES: list[tuple[str, str]] = []


@contextmanager
def pretending() -> Iterator[None]:
    """Remove every stand-in afterwards."""
    try:
        yield
    finally:
        for module, name in _ATTRIBUTES:
            if module in sys.modules and hasattr(sys.modules[module], name):
                delattr(sys.modules[module], name)
        for full in _MADE:
            sys.modules.pop(full, None)
        _MADE.clear()
        _ATTRIBUTES.clear()
