"""Names that the unpickler rewrites before it imports them.

Protocols 0 to 2 carry Python 2 names; ``pickle.load(fix_imports=True)``, the default, maps them by
``Lib/_compat_pickle.py``, which is what runs on every Python 3.
"""

from __future__ import annotations

import _compat_pickle

_NAMES: dict[tuple[str, str], tuple[str, str]] = _compat_pickle.NAME_MAPPING
_MODULES: dict[str, str] = _compat_pickle.IMPORT_MAPPING


def resolve(module: str, name: str, protocol: int) -> tuple[str, str]:
    """Return what Python 3 imports when a stream of `protocol` names `module` and `name`."""
    if protocol >= 3:
        return module, name
    pair = _NAMES.get((module, name))
    if pair is not None:
        return pair
    return _MODULES.get(module, module), name
